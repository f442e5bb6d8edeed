"""The parts of timestamps and durations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.values import duration_of, no_overload


def _in_zone(value: Any, zone: str) -> datetime:
    if not isinstance(value, datetime):
        raise no_overload("a part of a timestamp", value)
    if zone[:1] in {"+", "-"} or zone[:1].isdigit():
        sign, hours, minutes = zone[0] if zone[0] == "-" else "", *zone.lstrip("+-").split(":")
        return value.astimezone(timezone(duration_of(f"{sign}{hours}h{minutes}m")))
    try:
        return value.astimezone(UTC if zone in {"", "UTC"} else ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        raise CelError(f"there is no time zone {zone}") from None


def _part(of: Callable[[datetime], int]) -> Callable[..., int]:
    return lambda value, zone="UTC": of(_in_zone(value, zone))


def _clock(
    of: Callable[[datetime], int], milliseconds: int, *, rest: bool = False
) -> Callable[..., int]:
    """A part of the hour of a timestamp; of a duration, the whole of it in that unit."""

    def part(value: Any, zone: str = "UTC") -> int:
        if not isinstance(value, timedelta):
            return of(_in_zone(value, zone))
        whole = value // timedelta(milliseconds=1)
        if rest:
            return abs(whole) % 1000 * (1 if whole >= 0 else -1)
        return int(abs(whole) // milliseconds) * (1 if whole >= 0 else -1)

    return part


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "getFullYear": _part(lambda at: at.year),
    "getMonth": _part(lambda at: at.month - 1),
    "getDate": _part(lambda at: at.day),
    "getDayOfMonth": _part(lambda at: at.day - 1),
    "getDayOfWeek": _part(lambda at: at.isoweekday() % 7),
    "getDayOfYear": _part(lambda at: at.timetuple().tm_yday - 1),
    "getHours": _clock(lambda at: at.hour, 3_600_000),
    "getMinutes": _clock(lambda at: at.minute, 60_000),
    "getSeconds": _clock(lambda at: at.second, 1000),
    "getMilliseconds": _clock(lambda at: at.microsecond // 1000, 1, rest=True),
}
