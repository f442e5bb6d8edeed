"""Which severities Alertmanager routes to somebody, as far as its configuration is in view.

That is an AlertmanagerConfig of the operator, which takes the alerts of its own namespace, or the file of
Alertmanager itself in a Secret or ConfigMap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from flagstone.policies.manifests.documents import embedded_mapping
from flagstone.policies.manifests.objects import mapping, sequence, text_map
from flagstone.scorecards.engine.alert_scenarios.matching import Matcher
from flagstone.scorecards.engine.index import Index, compatible
from flagstone.scorecards.engine.prometheus.alert_rules import GROUP

_LABEL = "severity"
_FILES = {"alertmanager.yaml", "alertmanager.yml"}
_MATCHER = re.compile(
    r"\s*(?P<name>\w+)\s*(?P<sign>=~|!~|!=|=)\s*(?P<quote>[\"']?)(?P<value>.*?)(?P=quote)\s*"
)
_DEEPEST = 20


class AlertRoutes:
    """The routes of every configuration in view that name a severity and send to somebody."""

    def __init__(self, index: Index) -> None:
        self._by_namespace: list[tuple[str, set[str]]] = [
            (config.namespace, _severities(config.spec))
            for config in index.of_kind("AlertmanagerConfig", GROUP)
        ]
        for kind, field in (("Secret", "stringData"), ("ConfigMap", "data")):
            for holder in index.of_kind(kind, ""):
                texts = mapping(holder.raw.get(field))
                for name in texts.keys() & _FILES:
                    self._by_namespace.append(("", _severities(embedded_mapping(texts[name]))))

    def severities(self, namespace: str) -> set[str]:
        """The values of the label `severity` that are routed for the alerts of a namespace."""
        fitting = (found for own, found in self._by_namespace if compatible(own, namespace))
        return set().union(*fitting)


def _severities(config: dict[str, Any]) -> set[str]:
    sending = {
        str(receiver.get("name"))
        for receiver in map(mapping, sequence(config.get("receivers")))
        if any(isinstance(value, list) and value for value in receiver.values())
    }
    return {
        value
        for matchers, receiver in _routes(mapping(config.get("route")), "", 0)
        if receiver in sending
        for matcher in matchers
        if matcher.label == _LABEL and matcher.operator in {"=", "=~"}
        for value in matcher.literals
        if value
    }


def _routes(
    route: dict[str, Any], inherited: str, depth: int
) -> Iterator[tuple[list[Matcher], str]]:
    """Each route with its matchers and the receiver that is its own or that of the routes around it."""
    receiver = str(route.get("receiver") or inherited)
    yield list(_matchers(route)), receiver
    for inner in sequence(route.get("routes")) if depth < _DEEPEST else ():
        yield from _routes(mapping(inner), receiver, depth + 1)


def _matchers(route: dict[str, Any]) -> Iterable[Matcher]:
    for field, sign in (("match", "="), ("match_re", "=~")):
        for label, value in text_map(route.get(field)).items():
            yield Matcher(label, sign, value)
    for matcher in sequence(route.get("matchers")):
        if isinstance(matcher, dict):
            sign = str(matcher.get("matchType") or ("=~" if matcher.get("regex") is True else "="))
            yield Matcher(str(matcher.get("name")), sign, str(matcher.get("value") or ""))
        elif isinstance(matcher, str) and (found := _MATCHER.fullmatch(matcher)):
            yield Matcher(found["name"], found["sign"], found["value"])
