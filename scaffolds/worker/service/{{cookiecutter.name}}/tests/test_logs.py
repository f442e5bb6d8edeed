from __future__ import annotations

import json
import logging

import pytest

from app.logs import JsonFormatter, message_id


def test_a_line_is_one_json_object_with_the_message(caplog: pytest.LogCaptureFixture) -> None:
    token = message_id.set("1-0")
    try:
        with caplog.at_level(logging.INFO):
            logging.getLogger("app").info('two\nlines and "quotes"')
        line = JsonFormatter().format(caplog.records[0])
    finally:
        message_id.reset(token)

    assert "\n" not in line
    written = json.loads(line)
    assert written["message"] == 'two\nlines and "quotes"'
    assert (written["level"], written["message_id"]) == ("info", "1-0")
