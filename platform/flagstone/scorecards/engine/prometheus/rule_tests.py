"""Unit tests of rules: promtool's test files in the repository, and the rule files that they name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from flagstone.policies.manifests.documents import Document, read_documents
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.prometheus.promtool import for_promtool

_NAME = re.compile(r"[^/]*test[^/]*\.ya?ml", re.IGNORECASE)
_WORD = re.compile(r"[a-zA-Z_:][\w:]*")
_GLOB = re.compile(r"[*?[]")


@dataclass(frozen=True, eq=False)
class RuleFile:
    """A rule file that a test names; without a `text` it is not kept, but made before the test."""

    path: str
    text: str | None = None

    @cached_property
    def _documents(self) -> list[dict[str, Any]]:
        found = read_documents(self.text or "", Limits())
        return [mapping(one.value) if isinstance(one, Document) else {} for one in found] or [{}]

    @property
    def _objects(self) -> list[dict[str, Any]]:
        return [one for one in self._documents if one.get("kind") == "PrometheusRule"]

    @property
    def is_object(self) -> bool:
        """Whether it holds a PrometheusRule, which the operator reads and promtool does not."""
        return bool(self._objects)

    @property
    def is_plain(self) -> bool:
        """Whether it is what promtool reads, groups and nothing else; of others it has its own words."""
        return self.text is not None and self._documents[0].keys() == {"groups"}

    @cached_property
    def groups(self) -> list[dict[str, Any]]:
        specs = [mapping(one.get("spec")) for one in self._objects] or self._documents[:1]
        return [group for spec in specs for group in groups_of(spec)]

    @cached_property
    def rules(self) -> dict[str, list[dict[str, Any]]]:
        """Its rules by the name of the alert or record."""
        found: dict[str, list[dict[str, Any]]] = {}
        for group in self.groups:
            for rule in map(mapping, sequence(group.get("rules"))):
                found.setdefault(str(rule.get("alert") or rule.get("record") or ""), []).append(
                    rule
                )
        return found


@dataclass(frozen=True, eq=False)
class RuleTest:
    """One test file, not yet run."""

    path: str
    raw: dict[str, Any]
    files: tuple[RuleFile, ...]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @cached_property
    def names(self) -> frozenset[str]:
        """The alerts that it asks about, and every word of its expressions."""
        return frozenset().union(*map(asked_by, sequence(self.raw.get("tests"))))


def asked_by(test: Any) -> frozenset[str]:
    """The names that one test of a file asks about."""
    found: set[str] = set()
    for one in map(mapping, sequence(mapping(test).get("alert_rule_test"))):
        found.add(str(one.get("alertname")))
    for one in map(mapping, sequence(mapping(test).get("promql_expr_test"))):
        found |= set(_WORD.findall(str(one.get("expr"))))
    return frozenset(found)


def rule_tests(snapshot: Snapshot) -> Iterator[RuleTest]:
    """The files called after tests that name rule files and have tests."""
    known: dict[str, RuleFile] = {}
    for path in snapshot.paths():
        if not _NAME.fullmatch(path.rpartition("/")[2]):
            continue
        text = snapshot.read_text(path) or ""
        if "rule_files" not in text or "tests" not in text:
            continue
        for document in read_documents(text, Limits()):
            raw = mapping(document.value) if isinstance(document, Document) else {}
            if isinstance(raw.get("rule_files"), list) and isinstance(raw.get("tests"), list):
                folder = path.rpartition("/")[0]
                named = [posixpath.join(folder, str(name)) for name in raw["rule_files"]]
                yield RuleTest(path, raw, tuple(_files(named, snapshot, known)))


def _files(
    named: Iterable[str], snapshot: Snapshot, known: dict[str, RuleFile]
) -> Iterator[RuleFile]:
    for pattern in map(posixpath.normpath, named):
        if _GLOB.search(pattern):
            paths = [path for path in snapshot.paths() if _matches(path, pattern)]
        else:
            paths = [pattern] if snapshot.exists(pattern) else []
        for path in paths:
            if path not in known:
                known[path] = RuleFile(path, snapshot.read_text(path) or "")
            yield known[path]
        if not paths:
            yield RuleFile(pattern)


def _matches(path: str, pattern: str) -> bool:
    """Whether a path is one of a pattern in which a star does not reach over a slash."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def groups_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [group for group in for_promtool(spec)["groups"] if isinstance(group, dict)]


def normal(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule without what is only layout."""
    return {key: " ".join(str(v).split()) if key == "expr" else v for key, v in rule.items()}
