"""Reading the body of a request."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from flagstone.core.json_text import nested_too_deeply


class CarefulJSONParser(JSONParser):
    """JSON as everybody means it: neither nested without end nor with characters that no database takes."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        # DRF reads the stream itself, past the limit that Django sets on bodies
        data = parser_context["request"].body if parser_context else stream.read()
        if nested_too_deeply(data):
            raise ParseError("The JSON is nested too deeply.")
        body = super().parse(io.BytesIO(data), media_type, parser_context)
        if _has_bad_text(body):
            raise ParseError("A text holds U+0000 or half a surrogate pair; no text needs them.")
        return body


def _has_bad_text(value: Any) -> bool:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "\0" in item or any("\ud800" <= letter <= "\udfff" for letter in item):
                return True
        elif isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
    return False
