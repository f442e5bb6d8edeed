"""Whether an AppProject allows the destination of an Application, whose parts may be templates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

_OWN_CLUSTER = {"server": "https://kubernetes.default.svc", "name": "in-cluster"}
_TEMPLATE = re.compile(r"\{\{.*?\}\}")
_NOT_KNOWN = "\0"  # stands for any text, so that only a pattern's own wildcard is sure to match it
_WILD = re.compile(rf"[*?\[{_NOT_KNOWN}]")


def allows_destination(wanted: dict[str, Any], places: Iterable[dict[str, Any]]) -> bool | None:
    """Whether one place allows it and none denies it; None if that hangs on what is not known.

    A place that may deny what is not known denies nothing: which values there will be is the
    generator's matter, and what is denied is refused for that value alone.
    """
    values = _values(wanted)
    allowed: list[bool | None] = []
    for place in places:
        patterns = {field: str(place[field]) for field in values if place.get(field)}
        denies = any(pattern.startswith("!") for pattern in patterns.values())
        fits = _fits(values, {k: v.removeprefix("!") for k, v in patterns.items()})
        if not denies:
            allowed.append(fits)
        elif fits:
            return False
    return _any(allowed)


def with_both_names(wanted: dict[str, Any]) -> dict[str, Any]:
    """A destination; server and name are two ways to say which cluster, of which only Argo CD's own is known."""
    own = any(wanted.get(field) == text for field, text in _OWN_CLUSTER.items())
    return {**wanted, **_OWN_CLUSTER} if own else wanted


def _values(wanted: dict[str, Any]) -> dict[str, str]:
    spoken = with_both_names(wanted)
    return {
        field: _TEMPLATE.sub(_NOT_KNOWN, str(spoken.get(field) or _NOT_KNOWN))
        for field in ("server", "name", "namespace")
    }


def _fits(values: dict[str, str], patterns: dict[str, str]) -> bool | None:
    """A place that names its cluster in both ways means each of the two."""
    answers = {field: _matches(values[field], pattern) for field, pattern in patterns.items()}
    namespace = answers.pop("namespace", True)
    cluster = _any(answers.values()) if answers else True
    if namespace is False or cluster is False:
        return False
    return None if None in (namespace, cluster) else True


def _matches(value: str, pattern: str) -> bool | None:
    if fnmatchcase(value, pattern):
        return True
    if _NOT_KNOWN not in value:
        return False
    fixed, start = _WILD.split(value)[0], _WILD.split(pattern)[0]
    return None if fixed.startswith(start) or start.startswith(fixed) else False


def _any(answers: Iterable[bool | None]) -> bool | None:
    found = set(answers)
    if True in found:
        return True
    return None if None in found else False
