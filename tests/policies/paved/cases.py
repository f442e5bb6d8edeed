"""Putting one changed object to the policies that ship with Flagstone."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

import yaml

from flagstone.core.content import content_dir
from flagstone.policies.gatekeeper.policies import Violation
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.objects import Manifest

GONE = object()
"""In place of a value: the key is removed."""


@cache
def shipped() -> PolicySet:
    found = PolicySet.load(content_dir("scorecards") / "policies")
    assert found.errors == ()
    assert found.not_evaluated == ()
    return found


def changed(base: str, changes: dict[str, Any]) -> Manifest:
    """The object of a YAML text with some values set, by dotted path; numbers are list positions."""
    raw = yaml.safe_load(base)
    for path, value in changes.items():
        _set(raw, [int(key) if key.isdigit() else key for key in path.split(".")], value)
    return Manifest(raw, "web.yaml")


def violations(manifest: Manifest, prefix: str = "") -> list[Violation]:
    """What the policies hold against it, of the checks whose id starts so."""
    found = shipped().evaluate(manifest)
    return [v for v in found if v.details["check"].startswith(prefix)]


def checks(manifest: Manifest, prefix: str = "") -> list[str]:
    return sorted(v.details["check"] for v in violations(manifest, prefix))


def where(manifest: Manifest, prefix: str = "") -> set[tuple[str, str]]:
    """Each violation as check and dotted path."""
    return {
        (v.details["check"], ".".join(map(str, v.details["path"])))
        for v in violations(manifest, prefix)
    }


def _set(holder: Any, keys: list[str | int], value: Any) -> None:
    *way, last = keys
    for key in way:
        if isinstance(holder, dict) and not isinstance(holder.get(key), dict | list):
            holder[key] = {}
        holder = holder[key]
    if value is GONE:
        del holder[last]
    elif isinstance(holder, list) and last == len(holder):
        holder.append(deepcopy(value))
    else:
        holder[last] = deepcopy(value)
