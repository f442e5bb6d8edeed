"""Five thousand entities: read in seconds, found in milliseconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from flagstone.catalog.models import Entity, Relation
from flagstone.catalog.selectors import Criteria, Order, catalog_page, facets, squads
from tests.catalog.conftest import Folder, dump, group, person, service
from tests.catalog.engine.samples import entity

SERVICES = 4800
# milliseconds: three times what two quiet cores need, for they are not always quiet; `make bench` has figures
FOUND_WITHIN = 150
pytestmark = pytest.mark.slow


def write_organisation(root: Path) -> None:
    """4,800 services of 100 squads in 50 systems, with 50 people: 5,000 entities."""
    groups = [group(f"squad-{n}", spec__members=[f"person-{n % 50}"]) for n in range(100)]
    people = [person(f"person-{n}") for n in range(50)]
    systems = [entity("System", metadata__name=f"system-{n}") for n in range(50)]
    (root / "org").mkdir()
    (root / "org" / "catalog-info.yaml").write_text(dump(*groups, *people, *systems))
    for n in range(SERVICES):
        folder = root / f"service-{n:04}"
        folder.mkdir()
        (folder / "catalog-info.yaml").write_text(dump(_service(n)))


def _service(n: int) -> dict[str, Any]:
    return service(
        f"service-{n:04}",
        metadata__title=f"Service number {n}",
        metadata__description="Takes orders, keeps them and tells others. " * 5,
        metadata__labels={"tier": str(n % 4)},
        metadata__annotations={"github.com/project-slug": f"acme/service-{n}"},
        metadata__tags=["go" if n % 2 else "python", "http"],
        spec__owner=f"squad-{n % 100}",
        spec__system=f"system-{n % 50}",
        spec__lifecycle=("production", "experimental", "deprecated")[n % 3],
        spec__dependsOn=[f"component:service-{(n + 1) % SERVICES:04}", "resource:ledger"],
    )


def best_of(times: int, work: Callable[[], Any]) -> float:
    """Milliseconds of the fastest of several runs: what else the machine does is not what is measured."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return min(taken)


def test_five_thousand_entities(folder: Folder, stranger: Any) -> None:
    write_organisation(folder.root)
    start = time.perf_counter()
    stored = folder.ingest()
    first = time.perf_counter() - start
    start = time.perf_counter()
    again = folder.ingest()
    second = time.perf_counter() - start
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_entity; ANALYZE catalog_relation")

    criteria = {
        "all": Criteria(),
        "text": Criteria(text="serv 42"),
        "nothing": Criteria(text="xyzzy"),
        "filters": Criteria(
            kinds=("Component",), squads=("group:default/squad-7",), lifecycles=("production",)
        ),
        "owner": Criteria(order=Order.OWNER),
    }
    numbers = {
        f"list {name}": best_of(5, lambda c=c: catalog_page(stranger, c))
        for name, c in criteria.items()
    }
    numbers |= {
        f"facets {name}": best_of(5, lambda c=c: facets(stranger, c))
        for name, c in criteria.items()
    }
    numbers["last page"] = best_of(5, lambda: catalog_page(stranger, Criteria(), number=100))
    numbers["squads"] = best_of(5, lambda: squads(stranger))

    assert (len(stored.created), stored.problems) == (5000, [])
    assert (again.changed, again.unchanged) == ([], 5000)
    assert Entity.objects.count() == 5000
    assert Relation.objects.count() == SERVICES * 8 + 100 + 100 * 2
    assert first < 30
    assert second < 15
    assert {name: taken for name, taken in numbers.items() if taken > FOUND_WITHIN} == {}
