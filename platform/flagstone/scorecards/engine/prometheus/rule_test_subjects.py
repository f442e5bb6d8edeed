"""Which services a test of rules is about: those whose rules its rule files hold, or are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flagstone.policies.manifests.objects import sequence
from flagstone.scorecards.engine.index import folders_above
from flagstone.scorecards.engine.prometheus.alert_rules import rules
from flagstone.scorecards.engine.prometheus.rule_tests import RuleFile, RuleTest, asked_by, normal

if TYPE_CHECKING:
    from flagstone.scorecards.engine.services import ServiceView

_Holders = dict[str, dict[int, "ServiceView"]]


class Subjects:
    """The services with their rules by name; services of one scaffold have records of the same names."""

    def __init__(self, services: Iterable[ServiceView]) -> None:
        self._folders = set[str]()
        self._alerts: _Holders = {}
        self._records: _Holders = {}
        self._rules: dict[tuple[int, str], list[dict[str, Any]]] = {}
        for service in services:
            self._folders |= {service.folder} - {""}
            for manifest in service.prometheus_rules:
                for _, rule in rules(manifest):
                    name = str(rule.get("alert") or rule.get("record") or "")
                    holders = self._alerts if rule.get("alert") else self._records
                    holders.setdefault(name, {})[id(service)] = service
                    self._rules.setdefault((id(service), name), []).append(normal(rule))

    def of(self, test: RuleTest) -> list[ServiceView]:
        """The services that a test is about; alerts tell, and where it asks for none, records."""
        for holders in (self._alerts, self._records):
            found = {
                id(service): service
                for name in sorted(test.names & holders.keys())
                for file in test.files
                if file.text is None or name in file.rules
                for service in self._nearest(holders[name].values(), name, file, test)
            }
            if found:
                return list(found.values())
        return []

    def tests_of(self, service: ServiceView, test: RuleTest) -> list[Any]:
        """The tests of a file without those that ask only for the rules of other services."""
        return [
            one for one in sequence(test.raw.get("tests")) if self._is_about(service, asked_by(one))
        ]

    def _is_about(self, service: ServiceView, asked: frozenset[str]) -> bool:
        for holders in (self._alerts, self._records):
            if known := asked & holders.keys():
                return any(id(service) in holders[name] for name in known)
        return True

    def _nearest(
        self, holders: Iterable[ServiceView], name: str, file: RuleFile, test: RuleTest
    ) -> list[ServiceView]:
        """Of the services with a rule of that name, those whose rule stands in the file."""
        folder = self._folder_around(file.path.rpartition("/")[0])
        folder = folder or self._folder_around(test.folder)
        found = [service for service in holders if folder in {"", service.folder}]
        if len(found) < 2:
            return found
        held = [normal(rule) for rule in file.rules.get(name, ())]
        same = [s for s in found if any(rule in held for rule in self._rules[id(s), name])]
        return same or _named_in(f"{test.path} {file.path}", found) or found

    def _folder_around(self, folder: str) -> str:
        """The innermost folder of a service that a folder lies in; "" if it lies in none."""
        return next((outer for outer in folders_above(folder) if outer in self._folders), "")


def _named_in(text: str, services: list[ServiceView]) -> list[ServiceView]:
    """The services whose name stands in a text as a word of its own, those with the longest name."""
    named = [
        service
        for service in services
        if service.name
        and re.search(rf"(?<![a-zA-Z0-9]){re.escape(service.name)}(?![a-zA-Z0-9])", text)
    ]
    longest = max((len(service.name) for service in named), default=0)
    return [service for service in named if len(service.name) == longest]
