from __future__ import annotations

import asyncio

from fastapi import FastAPI
from fastapi.testclient import TestClient


async def _refused() -> None:
    raise ConnectionError("connection refused")


async def _silent() -> None:
    await asyncio.sleep(60)


def test_live_and_ready_by_default(client: TestClient) -> None:
    assert client.get("/health/live").json()["status"] == "alive"
    assert client.get("/health/ready").status_code == 200


def test_a_failing_dependency_ends_readiness_but_not_liveness(app: FastAPI, client: TestClient) -> None:
    app.state.readiness.needs("database", _refused)

    ready = client.get("/health/ready")

    assert ready.status_code == 503
    assert ready.json() == {
        "status": "not ready",
        "failing": {"database": "ConnectionError: connection refused"},
    }
    assert client.get("/health/live").status_code == 200


def test_a_silent_dependency_does_not_hang_the_probe(app: FastAPI, client: TestClient) -> None:
    app.state.readiness.needs("queue", _silent)

    assert client.get("/health/ready").json()["failing"] == {"queue": "no answer within 1 s"}
