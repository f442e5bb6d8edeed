"""Waivers: `paved.example.com/waive.<check-id>: "<reason>; until <YYYY-MM-DD>"` on an object.

A waiver without a reason or a date, or past its date, waives nothing and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from flagstone.policies.manifests.objects import Manifest, mapping
from flagstone.policies.manifests.source_lines import Keys
from flagstone.policies.manifests.workloads import pod_template_keys

PREFIX = "paved.example.com/waive."
_ANNOTATIONS: Keys = ("metadata", "annotations")
_END = re.compile(r"until\s+(\d{4}-\d{2}-\d{2})", re.ASCII | re.IGNORECASE)
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Waiver:
    """Somebody's word that a finding is accepted until a date (that day included)."""

    reason: str
    until: date


@dataclass(frozen=True, slots=True)
class InvalidWaiver:
    problem: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """A waiver as it is written: the check as it is spelled there, and where it stands.

    Attributes:
        check: what follows the prefix.
        value: what stands behind it; hostile input may hold anything.
        keys: the way to it from the object's root.
    """

    check: str
    value: Any
    keys: Keys


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


def annotations_of(manifest: Manifest) -> Iterator[Annotation]:
    """Yield the waivers on an object, then those on its pod template."""
    yield from _below(manifest, _ANNOTATIONS)
    template = pod_template_keys(manifest)
    if template:
        yield from _below(manifest, (*template, *_ANNOTATIONS))


def _below(manifest: Manifest, keys: Keys) -> Iterator[Annotation]:
    for key, value in mapping(manifest.at(*keys)).items():
        if key.lower().startswith(PREFIX):
            yield Annotation(key[len(PREFIX) :].strip(), value, (*keys, key))


def read_waiver(value: Any, today: date) -> Waiver | InvalidWaiver:
    """Read what stands behind a waiver's key."""
    if isinstance(value, dict | list):
        return InvalidWaiver(
            'the waiver is no text: it must read "<reason>; until <YYYY-MM-DD>", in quotes'
        )
    text = "" if value is None else " ".join(str(value).split())
    before, _, end = text.rpartition(";")
    found = _END.fullmatch(end.strip())
    if found is None:
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        return InvalidWaiver(f'the waiver must read "<reason>; until <YYYY-MM-DD>", not {shown!r}')
    reason = before.strip()
    if not any(map(str.isalnum, reason)):
        return InvalidWaiver("the waiver gives no reason")
    try:
        until = date.fromisoformat(found[1])
    except ValueError:
        return InvalidWaiver(f"the waiver ends on {found[1]}, which is no date")
    if until < today:
        return InvalidWaiver(f"the waiver expired on {until}: mend it or renew the waiver")
    return Waiver(reason, until)
