"""What no database takes is replaced where JSON comes in; all else is as it was written."""

from __future__ import annotations

import pytest

from flagstone.forge.hosts.rest.answers import parsed


@pytest.mark.parametrize(
    ("raw", "values"),
    [
        (rb'{"title": "a\ud800b", "login": "e\u0000"}', {"title": "a\ufffdb", "login": "e\ufffd"}),
        (rb'["\uDFFF", {"\udc00": ["\uD800\uD800"]}]', ["\ufffd", {"\ufffd": ["\ufffd\ufffd"]}]),
        (b'"a\xed\xa0\x80b"', "a\ufffdb"),
        (rb'["\ud83d\ude00", "\u00e9", 3, null, true, 1.5]', ["\U0001f600", "\xe9", 3, None, True, 1.5]),
        ('"\U0001f600 \ud7ff"'.encode(), "\U0001f600 \ud7ff"),
        (rb'"\\ud800"', r"\ud800"),
        (b'{"a": 1', None), (b"\xff", None), (b'["\\ud800",' + b"[" * 100_000, None),
    ],
)  # fmt: skip
def test_texts_are_as_everything_behind_takes_them(raw: bytes, values: object) -> None:
    assert parsed(raw) == values
