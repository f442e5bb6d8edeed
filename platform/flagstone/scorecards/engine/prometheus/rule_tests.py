"""Unit tests of rules: promtool's test files in the repository, run against the rules as they are."""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flagstone.policies.manifests.documents import Document, read_documents
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.alert_scenarios.playing import Printed, print_all
from flagstone.scorecards.engine.alert_scenarios.test_files import Play
from flagstone.scorecards.engine.index import folders_above
from flagstone.scorecards.engine.prometheus import promtool
from flagstone.scorecards.engine.prometheus.alert_rules import rules
from flagstone.scorecards.engine.prometheus.promtool import for_promtool

if TYPE_CHECKING:
    from flagstone.scorecards.engine.services import ServiceView

_NAME = re.compile(r"[^/]*test[^/]*\.ya?ml", re.IGNORECASE)
_PASSED = re.compile(r"^\s*SUCCESS\s*$", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class RuleTest:
    """One test file, not yet run."""

    path: str
    raw: dict[str, Any]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def names(self) -> set[str]:
        """The alerts that it asks about, and every word of its expressions."""
        found: set[str] = set()
        for test in map(mapping, sequence(self.raw.get("tests"))):
            for one in map(mapping, sequence(test.get("alert_rule_test"))):
                found.add(str(one.get("alertname")))
            for one in map(mapping, sequence(test.get("promql_expr_test"))):
                found |= set(re.findall(r"[a-zA-Z_:][\w:]*", str(one.get("expr"))))
        return found


def rule_tests(snapshot: Snapshot) -> Iterator[RuleTest]:
    """The files called after tests that name rule files and have tests."""
    for path in snapshot.paths():
        if not _NAME.fullmatch(path.rpartition("/")[2]):
            continue
        text = snapshot.read_text(path) or ""
        if "rule_files" not in text or "tests" not in text:
            continue
        for document in read_documents(text, Limits()):
            raw = mapping(document.value) if isinstance(document, Document) else {}
            if isinstance(raw.get("rule_files"), list) and isinstance(raw.get("tests"), list):
                yield RuleTest(path, raw)


def about(test: RuleTest, manifests: Iterable[Manifest]) -> list[Manifest]:
    """The PrometheusRules of which a test names an alert or a record."""
    return [manifest for manifest in manifests if _names(manifest) & test.names]


def _names(manifest: Manifest) -> set[str]:
    found = {str(rule.get("alert") or rule.get("record") or "") for _, rule in rules(manifest)}
    return found - {""}


def prepared(test: RuleTest, snapshot: Snapshot, manifests: Iterable[Manifest]) -> Play:
    """A test with the rules as they are in the PrometheusRules, in place of the files that it names.

    Those files are made from the PrometheusRules and mostly not kept. What else one of them holds is added.
    """
    groups = [group for manifest in manifests for group in _groups(manifest.spec)]
    known = {str(group.get("name")) for group in groups}
    groups += [g for _, g in _named(test, snapshot) if str(g.get("name")) not in known]
    used: set[str] = set()
    for number, group in enumerate(groups):
        if str(group.get("name")) in used:
            groups[number] = group | {"name": f"{group.get('name')} {number}"}
        used.add(str(groups[number].get("name")))
    document = dict(test.raw) | {"rule_files": ["rules.json"]}
    return Play(json.dumps({"groups": groups}, default=str), json.dumps(document, default=str))


def complaint(output: str) -> str:
    """What promtool says against a test; "" if it passes."""
    if _PASSED.search(output) and "FAILED" not in output:
        return ""
    lines = [line.strip() for line in output.splitlines()]
    words = " ".join(line for line in lines if line and not line.startswith("Unit Testing"))
    return words.removeprefix("FAILED:").strip()[:400] or "it fails without a word"


def stale_copies(test: RuleTest, snapshot: Snapshot, manifests: Iterable[Manifest]) -> list[str]:
    """The rule files kept in the repository that fell behind the PrometheusRule that they copy."""
    known = {
        str(group.get("name")): _normal(group)
        for manifest in manifests
        for group in _groups(manifest.spec)
    }
    return [
        path
        for path, group in _named(test, snapshot)
        if known.get(str(group.get("name")), _normal(group)) != _normal(group)
    ]


def _named(test: RuleTest, snapshot: Snapshot) -> Iterator[tuple[str, dict[str, Any]]]:
    """The groups in the rule files of a test that are in the repository, with their paths."""
    for name in map(str, sequence(test.raw.get("rule_files"))):
        pattern = posixpath.normpath(posixpath.join(test.folder, name))
        for path in fnmatch.filter(snapshot.paths(), pattern):
            for document in read_documents(snapshot.read_text(path) or "", Limits()):
                raw = mapping(document.value) if isinstance(document, Document) else {}
                spec = mapping(raw.get("spec")) if raw.get("kind") == "PrometheusRule" else raw
                yield from ((path, group) for group in _groups(spec))


def _groups(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [group for group in for_promtool(spec)["groups"] if isinstance(group, dict)]


def _normal(group: dict[str, Any]) -> list[Any]:
    """The rules of a group, without what is only layout."""
    return [
        {key: " ".join(str(v).split()) if key == "expr" else v for key, v in rule.items()}
        for rule in map(mapping, sequence(group.get("rules")))
    ]


def _nearest(folder: str, folders: set[str]) -> str:
    """The innermost of some folders that a folder lies in; "" if it lies in none."""
    return next((outer for outer in folders_above(folder) if outer in folders), "")


class RuleTestRuns:
    """What the tests of all services say, run together; `reason` says why none was run."""

    def __init__(self, services: Iterable[ServiceView], snapshot: Snapshot) -> None:
        self._tests = list(rule_tests(snapshot))
        self._plays: dict[tuple[int, RuleTest], Play] = {}
        self._stale: dict[tuple[int, RuleTest], list[str]] = {}
        self._of: dict[int, list[RuleTest]] = {}
        services = list(services)
        folders = {service.folder for service in services if service.folder}
        for service in services:
            for test in self._tests:
                if _nearest(test.folder, folders) not in {"", service.folder}:
                    continue  # in the folder of another service, whose records have the same names
                manifests = about(test, service.prometheus_rules)
                if manifests:
                    key = id(service), test
                    self._of.setdefault(id(service), []).append(test)
                    self._plays[key] = prepared(test, snapshot, manifests)
                    self._stale[key] = stale_copies(test, snapshot, manifests)
        tool = promtool.find() if self._plays else ""
        self.reason = (
            "" if tool is not None else f"promtool is not installed: {promtool.HOW_TO_GET}"
        )
        self._printed = print_all(tool, self._plays.values()) if tool else {}

    def of(self, service: ServiceView) -> list[RuleTest]:
        return self._of.get(id(service), [])

    def printed(self, service: ServiceView, test: RuleTest) -> Printed:
        return self._printed[self._plays[id(service), test]]

    def stale(self, service: ServiceView, test: RuleTest) -> list[str]:
        return list(dict.fromkeys(self._stale[id(service), test]))
