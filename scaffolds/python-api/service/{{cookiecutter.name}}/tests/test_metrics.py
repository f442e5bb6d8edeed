from __future__ import annotations

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.metrics import BUCKETS, LATENCY_OBJECTIVE


def _requests(app: FastAPI, route: str, code: str, method: str = "GET") -> float | None:
    labels = {"method": method, "route": route, "code": code}
    value: float | None = app.state.metrics.registry.get_sample_value("http_requests_total", labels)
    return value


def test_an_idle_service_shows_its_series_at_zero(app: FastAPI) -> None:
    assert _requests(app, "/v1/greetings/{who}", "200") == 0


def test_requests_are_counted_by_route_and_code(app: FastAPI, client: TestClient) -> None:
    client.get("/v1/greetings/Ada")
    client.get("/v1/greetings/Grace")
    client.get("/v1/greetings/" + "a" * 81)
    client.get("/nowhere/42")

    assert _requests(app, "/v1/greetings/{who}", "200") == 2
    assert _requests(app, "/v1/greetings/{who}", "422") == 1
    assert _requests(app, "unmatched", "404") == 1


def test_a_crash_is_a_500(app: FastAPI, client: TestClient) -> None:
    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError("no")

    assert client.get("/crash").status_code == 500
    assert _requests(app, "/crash", "500") == 1


def test_invented_methods_share_one_series(app: FastAPI, client: TestClient) -> None:
    client.request("BREW", "/nowhere")
    client.request("WHEN", "/nowhere")

    assert _requests(app, "unmatched", "404", method="OTHER") == 2


def test_probes_are_not_traffic(app: FastAPI, client: TestClient) -> None:
    client.get("/health/live")

    assert _requests(app, "/health/live", "200") is None


def test_the_latency_objective_is_a_bucket() -> None:
    assert LATENCY_OBJECTIVE in BUCKETS
