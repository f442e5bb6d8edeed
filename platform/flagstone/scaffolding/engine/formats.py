"""What `format` of a JSON Schema asks of a text: the formats that can be told without a library for each."""

from __future__ import annotations

import re
from datetime import date, datetime
from urllib.parse import urlsplit

from jsonschema import FormatChecker

FORMATS = FormatChecker(formats=("ipv4", "ipv6", "uuid"))
IN_WORDS = {
    "date": "a day such as 2026-11-30",
    "date-time": "a day and time with its zone, such as 2026-11-30T09:15:00Z",
    "email": "an e-mail address such as ada@example.com",
    "ipv4": "an IPv4 address such as 192.0.2.7",
    "ipv6": "an IPv6 address such as 2001:db8::7",
    "uri": "a whole address such as https://example.com/",
    "uuid": "a UUID such as 123e4567-e89b-12d3-a456-426614174000",
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)


@FORMATS.checks("email")
def _is_email(value: object) -> bool:
    return not isinstance(value, str) or bool(_EMAIL.fullmatch(value))


@FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return bool(_DATE.fullmatch(value)) and bool(date.fromisoformat(value))


@FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return bool(_DATE_TIME.fullmatch(value)) and bool(datetime.fromisoformat(value.upper()))


@FORMATS.checks("uri", raises=ValueError)
def _is_uri(value: object) -> bool:
    if not isinstance(value, str):
        return True
    parts = urlsplit(value)
    is_whole = bool(parts.scheme and (parts.netloc or parts.path))
    return is_whole and not re.search(r"[\s<>\"{}|\\^`]", value)
