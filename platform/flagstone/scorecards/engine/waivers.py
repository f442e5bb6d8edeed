"""Waivers: `paved.example.com/waive.<check-id>: "<reason>; until <YYYY-MM-DD>"` on an object.

A waiver without a reason or a date, or past its date, waives nothing and says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

PREFIX = "paved.example.com/waive."
_FORM = re.compile(r"(?P<reason>.*?)\s*;\s*until\s+(?P<until>\d{4}-\d{2}-\d{2})\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Waiver:
    """Somebody's word that a finding is accepted until a date (that day included)."""

    reason: str
    until: date


@dataclass(frozen=True, slots=True)
class InvalidWaiver:
    problem: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """An approved exemption of one check, for a service or for one object of it.

    Attributes:
        check: the check's id.
        service: the service's ref.
        reason: why it was approved.
        until: the last day on which it holds.
        object: the ref of one object, such as `Rollout/payments/checkout`; "" for the whole check.
    """

    check: str
    service: str
    reason: str
    until: date
    object: str = ""

    def covers(self, check: str, service: str, today: date) -> bool:
        return (
            self.check == check and self.service.lower() == service.lower() and today <= self.until
        )


def waiver_for(
    check: str, annotations: Mapping[str, str], today: date
) -> Waiver | InvalidWaiver | None:
    """Read the waiver of a check from an object's annotations; None if there is none."""
    wanted = (PREFIX + check).lower()
    text = next((value for key, value in annotations.items() if key.lower() == wanted), None)
    if text is None:
        return None
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return InvalidWaiver(f'the waiver must read "<reason>; until <YYYY-MM-DD>", not {text!r}')
    if not found["reason"].strip():
        return InvalidWaiver("the waiver gives no reason")
    try:
        until = date.fromisoformat(found["until"])
    except ValueError:
        return InvalidWaiver(f"the waiver ends on {found['until']}, which is no date")
    if until < today:
        return InvalidWaiver(f"the waiver expired on {until}: mend it or renew the waiver")
    return Waiver(found["reason"].strip(), until)
