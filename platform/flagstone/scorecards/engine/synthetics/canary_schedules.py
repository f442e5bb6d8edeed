"""How often a canary runs: `rate(...)` and `cron(...)` as EventBridge writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_RATE = re.compile(r"rate\(\s*(?P<number>\d{1,6})\s+(?P<unit>minutes?|hours?|days?)\s*\)")
_CRON = re.compile(r"cron\(\s*(?P<fields>[^()]{1,200}?)\s*\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Schedule:
    """Minutes between two runs: the least and the most; both 0 for a canary that runs once."""

    least: int
    most: int


def read_schedule(expression: str) -> Schedule | None:
    """Read an expression; None if it is none."""
    if rate := _RATE.fullmatch(expression.strip()):
        minutes = int(rate["number"]) * _MINUTES[rate["unit"].rstrip("s")]
        return Schedule(minutes, minutes)
    cron = _CRON.fullmatch(expression.strip())
    fields = cron["fields"].split() if cron else []
    return _cron(fields) if len(fields) == 6 else None


def _cron(fields: list[str]) -> Schedule | None:
    minutes, hours = _numbers(fields[0], 59), _numbers(fields[1], 23)
    if not minutes or not hours:
        return None
    starts = [60 * hour + minute for hour in hours for minute in minutes]
    gaps = [after - before for before, after in pairwise(starts)]
    gaps.append(starts[0] + _DAY - starts[-1])
    every_day = all(field in {"*", "?"} for field in fields[2:])
    return Schedule(min(gaps), max(gaps) if every_day else max(*gaps, 2 * _DAY))


def _numbers(field: str, most: int) -> list[int]:
    """The numbers that a field stands for, in order; none if it is not understood."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if step and not (step.isascii() and step.isdigit() and 0 < int(step[:4]) <= 60):
            return []
        start, _, end = ("0", "", str(most)) if span in {"*", "?"} else span.partition("-")
        if not end:
            end = str(most) if step else start
        if not all(
            number.isascii() and number.isdigit() and len(number) < 4 for number in (start, end)
        ):
            return []
        if int(start) > int(end) or int(end) > most:
            return []
        found.update(range(int(start), int(end) + 1, int(step) if step else 1))
    return sorted(found)
