"""The rules of PrometheusRule objects, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

from flagstone.policies.manifests.objects import Manifest, mapping, sequence, text_map
from flagstone.scorecards.engine.prometheus.promql import Records

GROUP = "monitoring.coreos.com"
_EQUALS = re.compile(r"""\b(?P<label>\w++)\s*+=\s*+(?P<quote>["'])(?P<value>[^"']*+)(?P=quote)""")


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One alert."""

    manifest: Manifest
    keys: tuple[str | int, ...]
    name: str
    expr: str
    labels: dict[str, str]
    annotations: dict[str, str]


def rules(manifest: Manifest) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    for i, group in enumerate(sequence(manifest.spec.get("groups"))):
        for j, rule in enumerate(sequence(mapping(group).get("rules"))):
            yield ("spec", "groups", i, "rules", j), mapping(rule)


def alerts(manifest: Manifest) -> Iterator[AlertRule]:
    for keys, rule in rules(manifest):
        if isinstance(rule.get("alert"), str):
            yield AlertRule(
                manifest=manifest,
                keys=keys,
                name=rule["alert"],
                expr=str(rule.get("expr", "")),
                labels=text_map(rule.get("labels")),
                annotations=text_map(rule.get("annotations")),
            )


def records(manifests: Iterable[Manifest], beyond: Records | None = None) -> Records:
    """The recording rules of several objects; of one name with several labels, the first."""
    expressions: dict[str, str] = {}
    for manifest in manifests:
        for _, rule in rules(manifest):
            if isinstance(rule.get("record"), str):
                expressions.setdefault(rule["record"], str(rule.get("expr", "")))
    return Records(expressions, beyond)


@lru_cache(maxsize=256)
def web_address(text: str) -> SplitResult | None:
    """The parts of an http(s) URL; None for anything else."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return parts if parts.scheme in {"http", "https"} and parts.netloc else None


def label_values(manifest: Manifest) -> dict[str, set[str]]:
    """The values that the rules' selectors ask for with `=`, by label."""
    values: dict[str, set[str]] = {}
    for _, rule in rules(manifest):
        for found in _EQUALS.finditer(str(rule.get("expr", ""))):
            values.setdefault(found["label"], set()).add(found["value"])
    return values
