from __future__ import annotations

from fastapi.testclient import TestClient


def test_greets_by_name(client: TestClient) -> None:
    response = client.get("/v1/greetings/Ada")

    assert response.status_code == 200
    assert response.json() == {"message": "Hello, Ada."}


def test_refuses_a_name_that_is_too_long(client: TestClient) -> None:
    response = client.get("/v1/greetings/" + "a" * 81)

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["path", "who"]
