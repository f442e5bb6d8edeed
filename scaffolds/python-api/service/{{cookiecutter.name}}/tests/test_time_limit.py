from __future__ import annotations

import asyncio

from fastapi.testclient import TestClient

from app.application import create_app
from app.settings import Settings


def _client(milliseconds: int) -> TestClient:
    app = create_app(Settings(request_timeout_ms=milliseconds))

    @app.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(0.2)
        return "finished"

    return TestClient(app)


def test_a_request_that_takes_too_long_is_ended_and_counted() -> None:
    client = _client(50)

    assert client.get("/slow").status_code == 504
    labels = {"method": "GET", "route": "/slow", "code": "504"}
    registry = client.app.state.metrics.registry  # type: ignore[attr-defined]
    assert registry.get_sample_value("http_requests_total", labels) == 1
    assert client.get("/v1/greetings/Ada").status_code == 200


def test_without_a_limit_it_has_its_time() -> None:
    assert _client(0).get("/slow").json() == "finished"
