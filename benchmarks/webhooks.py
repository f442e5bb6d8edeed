"""A burst of 1,000 webhooks against the web and the worker that `make up` starts."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.code_host import serving_code_host
from benchmarks.report import Result
from flagstone.config.runtime.children import spawn, wait_until
from flagstone.config.runtime.up import Address, is_ready, web_command, worker_command

DELIVERIES = 1000
REPEATED = 50
WARMING = 64
REPOSITORIES, PULL_REQUESTS = 10, 10
# as many as the web that `make up` starts has threads
AT_ONCE = 8
SECRET = "the secret of the benchmark"
_NAME = "bench"
_START_SECONDS, _WORK_SECONDS = 60.0, 300.0
_OK, _ACCEPTED = 200, 202


def measure() -> Iterator[Result]:
    with serving_code_host() as code_host:
        home = _register(code_host.url)
        with _flagstone(home) as address:
            burst = [_delivery(number) for number in range(DELIVERIES)]
            burst += burst[:REPEATED]
            with ThreadPoolExecutor(AT_ONCE) as clients:
                # every thread of the web has been asked something once, as in a server that runs
                warming = [_delivery(number, name=f"warms-{number}") for number in range(WARMING)]
                list(clients.map(lambda each: _send_one(address, each), warming))
                begun = time.perf_counter()
                answers = list(clients.map(lambda each: _send_one(address, each), burst))
            sent = time.perf_counter() - begun
            worked, seconds = _wait_for_work(begun)
        reads = code_host.reads
    times = sorted(milliseconds for _, milliseconds in answers)
    statuses = sorted(status for status, _ in answers)
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    yield Result(
        name=f"Webhooks, a burst of {DELIVERIES:,}, {AT_ONCE} at once: p99 of the answers",
        value=p99,
        unit=" ms",
        target=200,
        detail=f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, {len(answers) / sent:.0f} a second",
    )
    is_answered = statuses == [_OK] * REPEATED + [_ACCEPTED] * DELIVERIES
    yield Result(
        name=f"Webhooks: answered, stored once and worked, of {DELIVERIES:,} of which {REPEATED} came twice",
        value=worked if is_answered else 0,
        target=DELIVERIES,
        at_most=False,
        detail=(
            f"done {seconds:.1f} s after the first was sent; {REPOSITORIES * PULL_REQUESTS} pull requests "
            f"were read {reads} times"
        ),
    )


def _register(url: str) -> Path:
    """Register the code host with its secrets and repositories; return the home of this Flagstone."""
    from django.conf import settings  # noqa: PLC0415 - Django is set up by then

    from flagstone.forge.credentials import keep_secret  # noqa: PLC0415
    from flagstone.forge.models import CodeHost, HostKind, Repository  # noqa: PLC0415

    home = Path(settings.FLAGSTONE_HOME)
    host = CodeHost.objects.create(name=_NAME, kind=HostKind.GITEA, web_url=url)
    keep_secret(host, "token", "a-token-for-nothing")
    keep_secret(host, "webhook", SECRET)
    Repository.objects.bulk_create(
        Repository(host=host, full_name=f"acme/service-{number}", head_commit="a" * 40)
        for number in range(REPOSITORIES)
    )
    return home


@contextmanager
def _flagstone(home: Path) -> Iterator[Address]:
    address = Address("127.0.0.1", _free_port())
    environment = {**os.environ, "FLAGSTONE_URL": address.url}
    children = [
        spawn("worker", worker_command(), log=home / "logs" / "worker.log", env=environment),
        spawn("web", web_command(address), log=home / "logs" / "web.log", env=environment),
    ]
    try:
        wait_until(
            lambda: is_ready(address), children[1], timeout=_START_SECONDS, what="The web server"
        )
        yield address
    finally:
        for child in reversed(children):
            child.stop(20)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _delivery(number: int, *, name: str = "") -> tuple[dict[str, str], bytes]:
    """Return the headers and body of one delivery; they go round all pull requests."""
    place = number % (REPOSITORIES * PULL_REQUESTS)
    body = json.dumps(
        {
            "action": "synchronized",
            "number": place // REPOSITORIES + 1,
            "repository": {"full_name": f"acme/service-{place % REPOSITORIES}"},
            "pull_request": {"number": place // REPOSITORIES + 1, "body": "x" * 20_000},
        }
    ).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Gitea-Event": "pull_request",
        "X-Gitea-Delivery": name or f"delivery-{number}",
        "X-Gitea-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
    }
    return headers, body


def _send_one(address: Address, delivery: tuple[dict[str, str], bytes]) -> tuple[int, float]:
    """Send one as a code host does, over a connection of its own; return status and milliseconds."""
    headers, body = delivery
    begun = time.perf_counter()
    connection = http.client.HTTPConnection(address.host, address.port, timeout=30)
    try:
        connection.request("POST", f"/webhooks/{_NAME}/", body=body, headers=headers)
        response = connection.getresponse()
        response.read()
        return response.status, (time.perf_counter() - begun) * 1000
    finally:
        connection.close()


def _wait_for_work(begun: float) -> tuple[int, float]:
    """Return how many are done, and when the last was done in seconds after the first was sent."""
    from flagstone.forge.models import WebhookDelivery  # noqa: PLC0415

    burst = WebhookDelivery.objects.filter(delivery_id__startswith="delivery-")
    while burst.filter(state="received").exists():
        if time.perf_counter() - begun > _WORK_SECONDS:
            break
        time.sleep(0.1)
    return burst.filter(state="done").count(), time.perf_counter() - begun
