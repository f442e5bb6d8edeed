"""Tests of rules, run by promtool against the rules as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.alert_scenarios.playing import Printed, print_all
from flagstone.scorecards.engine.alert_scenarios.test_files import Play
from flagstone.scorecards.engine.prometheus import promtool
from flagstone.scorecards.engine.prometheus.alert_rules import rules
from flagstone.scorecards.engine.prometheus.rule_test_plays import RULES, as_json, play_of
from flagstone.scorecards.engine.prometheus.rule_test_renaming import renamed
from flagstone.scorecards.engine.prometheus.rule_test_subjects import Subjects
from flagstone.scorecards.engine.prometheus.rule_tests import (
    RuleFile,
    RuleTest,
    groups_of,
    normal,
    rule_tests,
)

if TYPE_CHECKING:
    from flagstone.scorecards.engine.services import ServiceView

RUN_TESTS = frozenset({"PR-12"})  # asks always; CI-05 only where CI runs promtool

_PASSED = re.compile(r"^\s*SUCCESS\s*$", re.MULTILINE)
_NO_FIELD = re.compile(r"field (\w+) not found in type main\.")
_NEWER_FIELDS = frozenset({"fuzzy_compare", "start_timestamp", "histogram"})


@dataclass(frozen=True, eq=False)
class RuleTestRun:
    """One test file, run for one service.

    Attributes:
        test: it.
        play: what promtool is given.
        alike: the same under names that mean nothing, which tests of other services may share.
        refused: the rule file that promtool is given as it is, since it is none.
        stale: the rule files in the repository that fell behind the PrometheusRule that they copy.
        printed: what promtool said.
    """

    test: RuleTest
    play: Play
    alike: Play
    refused: RuleFile | None = None
    stale: tuple[str, ...] = ()
    printed: Printed = field(default_factory=lambda: Printed(""))

    @property
    def unknown(self) -> str:
        """Why it is not known whether it passes; "" if it is."""
        fields = _NO_FIELD.findall(self.printed.output)
        if fields and _NEWER_FIELDS.issuperset(fields):
            return f"the promtool here is too old for {fields[0]}: {promtool.HOW_TO_GET}"
        return self.printed.reason

    @property
    def complaint(self) -> str:
        """What promtool says against it; "" if it passes, or if that is not known."""
        output = self.printed.output
        if self.unknown or (_PASSED.search(output) and "FAILED" not in output):
            return ""
        lines = [line.strip() for line in output.splitlines()]
        words = " ".join(line for line in lines if line and not line.startswith("Unit Testing"))
        words = words.removeprefix("FAILED:").strip()[:400] or "it fails without a word"
        if self.refused is None:
            return words
        words = words.replace(RULES, self.refused.path)
        if self.refused.is_object:
            words += " (it is a PrometheusRule: promtool reads what stands below its spec)"
        return words


class RuleTestRuns:
    """The tests of all services, run together; `reason` says why none was run."""

    def __init__(self, services: Iterable[ServiceView], snapshot: Snapshot) -> None:
        subjects = Subjects(services := list(services))
        prepared = [
            (service, _prepared(test, subjects.tests_of(service, test), service.prometheus_rules))
            for test in rule_tests(snapshot)
            for service in subjects.of(test)
        ]
        tool = promtool.find() if prepared else ""
        self.reason = (
            "" if tool is not None else f"promtool is not installed: {promtool.HOW_TO_GET}"
        )
        printed = _printed(tool, [run for _, run in prepared]) if tool else {}
        self._of: dict[int, list[RuleTestRun]] = {}
        for service, run in prepared:
            done = replace(run, printed=printed.get(run.play, Printed("", self.reason)))
            self._of.setdefault(id(service), []).append(done)

    def of(self, service: ServiceView) -> Sequence[RuleTestRun]:
        return self._of.get(id(service), ())


def _printed(tool: str, runs: Sequence[RuleTestRun]) -> dict[Play, Printed]:
    """What promtool says of each; one that fails under other names is run under its own."""
    short = print_all(tool, [run.alike for run in runs])
    found = {run.play: short[run.alike] for run in runs}
    failing = [run.play for run in runs if replace(run, printed=found[run.play]).complaint]
    return found | print_all(tool, failing)


def _prepared(test: RuleTest, tests: list[Any], manifests: Iterable[Manifest]) -> RuleTestRun:
    """A test with its rule files; one that is not kept is made from the PrometheusRules, as CI makes it."""
    document = test.raw | {"rule_files": [RULES], "tests": tests}
    kept = [file for file in dict.fromkeys(test.files) if file.text is not None]
    about = [m for m in manifests if not test.names.isdisjoint(_names(m))]
    stale = tuple(_stale_copies(kept, about))
    for file in kept:
        if not file.is_plain:
            play = Play(file.text or "", as_json(document))
            return RuleTestRun(test, play, play, file, stale)
    groups = [group for file in kept for group in file.groups]
    if len(kept) < len(set(test.files)):
        known = {str(group.get("name")) for group in groups}
        made = [group for manifest in about for group in groups_of(manifest.spec)]
        groups += [group for group in made if str(group.get("name")) not in known]
    used: set[str] = set()
    for number, group in enumerate(groups):
        if str(group.get("name")) in used:
            groups[number] = group | {"name": f"{group.get('name')} {number}"}
        used.add(str(groups[number].get("name")))
    play = play_of(groups, document)
    return RuleTestRun(test, play, renamed(groups, document) or play, None, stale)


def _names(manifest: Manifest) -> set[str]:
    found = {str(rule.get("alert") or rule.get("record") or "") for _, rule in rules(manifest)}
    return found - {""}


def _stale_copies(kept: Iterable[RuleFile], manifests: Iterable[Manifest]) -> list[str]:
    known = {
        str(group.get("name")): _normal(group)
        for manifest in manifests
        for group in groups_of(manifest.spec)
    }
    found = [
        file.path
        for file in kept
        for group in file.groups
        if known.get(str(group.get("name")), _normal(group)) != _normal(group)
    ]
    return list(dict.fromkeys(found))


def _normal(group: dict[str, Any]) -> list[Any]:
    return [normal(mapping(rule)) for rule in sequence(group.get("rules"))]
