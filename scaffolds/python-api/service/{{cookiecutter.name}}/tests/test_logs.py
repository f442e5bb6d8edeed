from __future__ import annotations

import json
import logging

import pytest
from fastapi.testclient import TestClient

from app.logs import JsonFormatter, request_id


def test_a_line_is_one_json_object(caplog: pytest.LogCaptureFixture) -> None:
    token = request_id.set("abc")
    try:
        with caplog.at_level(logging.INFO):
            logging.getLogger("app").info('two\nlines and "quotes"', extra={"fields": {"code": 200}})
        line = JsonFormatter().format(caplog.records[0])
    finally:
        request_id.reset(token)

    assert "\n" not in line
    written = json.loads(line)
    assert written["message"] == 'two\nlines and "quotes"'
    assert (written["level"], written["request_id"], written["code"]) == ("info", "abc", 200)


def test_a_crash_carries_its_traceback() -> None:
    try:
        raise ValueError("wrong")
    except ValueError as error:
        record = logging.LogRecord("app", logging.ERROR, "", 1, "failed", None, (type(error), error, None))

    assert "ValueError: wrong" in json.loads(JsonFormatter().format(record))["exception"]


def test_the_callers_request_id_is_kept_and_answered(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="app.access"):
        response = client.get("/v1/greetings/Ada", headers={"x-request-id": "from-the-mesh"})

    assert response.headers["x-request-id"] == "from-the-mesh"
    assert caplog.records[0].getMessage() == "GET /v1/greetings/{who} 200"
