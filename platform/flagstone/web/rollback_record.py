"""How the promise of a fast way back was kept, as three numbers that can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from flagstone.delivery.selectors import PromiseRecord
from flagstone.web.templatetags.times import span


@dataclass(frozen=True, slots=True)
class Stat:
    label: str
    value: str
    note: str


def stats_of(record: PromiseRecord, *, days: int) -> list[Stat]:
    """Write the record down; a number without anything behind it is a dash."""
    judged = record.kept + record.late
    silent = record.asked - judged
    untold = f", {silent} without a verdict" if silent else ""
    return [
        Stat("Rollbacks", str(record.asked), f"asked for in the last {days} days"),
        Stat(
            f"Healthy within {settings.FLAGSTONE_ROLLBACK_PROMISE_MINUTES} min of the click",
            f"{record.kept} of {judged}" if judged else "\N{EN DASH}",
            f"{record.late} missed it{untold}" if record.asked else "nothing to count yet",
        ),
        Stat(
            "Nine of ten healthy within",
            _span(record.from_click),
            f"of the click; {_span(record.from_merge)} of the merge"
            if record.healthy
            else "nobody reported health yet",
        ),
    ]


def _span(length: timedelta | None) -> str:
    return span(length) if length is not None else "\N{EN DASH}"
