"""Fingerprints of findings: the same while lines move, documents change places and files new names.

A finding is known by its check, its object, its container, its place in the object, where items of lists go by
their names, and the overlay that renders the object from a file of others. One without an object is known by the
kind of its message and by what it is about: a workflow and its job by their names, else its file.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from flagstone.policies.manifests.objects import dig
from flagstone.scorecards.engine.reporting.report import CheckReport, Finding

_NAMES = ("name", "alert", "record")
_NUMBER = re.compile(r"\d+")


def named_place(root: Any, keys: Sequence[str | int]) -> str:
    """Write a key path down with the names of list items, where they have one."""
    steps = []
    value = root
    for key in keys:
        inner = dig(value, key)
        name = next(filter(None, (dig(inner, name) for name in _NAMES)), None)
        in_list = isinstance(value, list) and isinstance(name, str)
        steps.append(f"[{name}]" if in_list else str(key))
        value = inner
    return ".".join(steps)


def fingerprints(check: CheckReport, findings: Iterable[Finding] | None = None) -> list[str]:
    """Return one fingerprint per finding of a check in one service, in their order.

    Args:
        check: whose findings they are.
        findings: other findings than those the report lists first, such as waived ones.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    prints = []
    for finding in check.findings if findings is None else findings:
        what = _identity(check.id, finding)
        seen[what] += 1
        # a second fault of the same place is another one
        parts = what if seen[what] == 1 else (*what, str(seen[what]))
        text = "\0".join(parts).encode("utf-8", "surrogatepass")
        prints.append(hashlib.sha256(text).hexdigest()[:32])
    return prints


def _identity(check: str, finding: Finding) -> tuple[str, ...]:
    if finding.object:
        what = (check, finding.object, finding.container, finding.place)
        return (*what, _overlay(finding)) if finding.rendered_by else what
    return check, finding.subject or finding.path, kind_of(finding.message)


def _overlay(finding: Finding) -> str:
    """Overlays render one object from the same file; the way between them stays when a service's folder moves."""
    return posixpath.relpath(f"/{finding.rendered_by}", f"/{posixpath.dirname(finding.path)}")


def kind_of(message: str) -> str:
    """The message without its numbers, which change with every line that is written above."""
    return _NUMBER.sub("#", message)
