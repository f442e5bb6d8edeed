"""The catalogue page and the API list with 5,000 entities: 50th and 99th percentile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.report import Result

ENTITIES = 5000
REQUESTS = 120


def measure() -> Iterator[Result]:
    from django.test import Client  # noqa: PLC0415 - Django is set up by then

    from flagstone.accounts.actions import create_user  # noqa: PLC0415

    user = create_user(actor=None, username="bench", password=None, role="member")
    _fill(user)
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    client.get("/catalog")
    import flagstone.config.wsgi  # noqa: F401, PLC0415 - settles the process as the web server does

    for name, url in (
        ("Catalogue page", "/catalog"),
        ("Catalogue page, searching", "/catalog?q=svc0123"),
        ("API list of entities", "/api/v1/entities?page_size=50"),
    ):
        for _ in range(3):  # templates are compiled once in a worker's life
            client.get(url)
        times = sorted(_timed(lambda url=url: client.get(url)) for _ in range(REQUESTS))  # type: ignore[misc]
        p50, p99 = times[REQUESTS // 2], times[int(REQUESTS * 0.99)]
        yield Result(
            name=f"{name}, {ENTITIES:,} entities: p99",
            value=p99,
            unit=" ms",
            target=150,
            detail=f"p50 {p50:.0f} ms, p99 {p99:.0f} ms over {REQUESTS} requests",
        )


def _fill(user: object) -> None:
    """Put the entities in as a catalogue file, through ingestion."""
    from django.conf import settings  # noqa: PLC0415

    from flagstone.catalog.actions import register_location  # noqa: PLC0415
    from flagstone.catalog.pipeline import ingest  # noqa: PLC0415

    folder = Path(settings.FLAGSTONE_HOME) / "catalogue"
    folder.mkdir()
    settings.FLAGSTONE_CATALOG_ROOTS = [str(folder)]
    for part in range(ENTITIES // 500):
        documents = [_document(part * 500 + number) for number in range(500)]
        (folder / f"part-{part:02d}").mkdir()
        (folder / f"part-{part:02d}" / "catalog-info.yaml").write_text("---\n".join(documents))
    location = register_location(actor=None, path=str(folder / "*" / "catalog-info.yaml"))
    ingest(location.pk)


def _document(number: int) -> str:
    return f"""apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: svc{number:05d}
  description: Service number {number}
  labels: {{flagstone.dev/tier: "{number % 3 + 1}"}}
spec:
  type: service
  lifecycle: {("production", "experimental")[number % 2]}
  owner: squad-{number % 300}
  system: system-{number % 60}
"""


def _timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000
