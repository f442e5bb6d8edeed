"""A scorecard: which checks a service is measured by, at which level, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from flagstone.core.errors import UserError
from flagstone.policies.manifests.documents import Broken
from flagstone.policies.manifests.objects import Manifest, mapping
from flagstone.policies.manifests.snapshot import decode
from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.engine.near_checks import near_checks
from flagstone.scorecards.engine.params import ParamsError, read_params
from flagstone.scorecards.engine.plain_objects import read_objects
from flagstone.scorecards.engine.registry import Check, Registry

API_VERSION = "flagstone.dev/v1"
_RULE_KEYS = ("id", "level", "weight", "params", "enforced_from")


class ScorecardError(UserError):
    """A scorecard that cannot be used; the message starts with `file:line`."""

    default_code = "scorecard.invalid"


@dataclass(frozen=True, slots=True)
class Level:
    name: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One check as this scorecard uses it."""

    check: Check
    level: str
    weight: int
    params: Any
    enforced_from: date | None = None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Levels from the lowest to the highest, and the rules in the order of the file."""

    name: str
    title: str
    description: str
    levels: tuple[Level, ...]
    rules: tuple[Rule, ...]

    def rank(self, level: str) -> int:
        return [item.name for item in self.levels].index(level)


def load_scorecard(path: Path, registry: Registry = REGISTRY) -> Scorecard:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScorecardError(
            f"{path}: the scorecard cannot be read: {error.strerror}", path=str(path)
        ) from error
    return read_scorecard(data, name=str(path), registry=registry)


def read_scorecard(data: bytes, *, name: str, registry: Registry = REGISTRY) -> Scorecard:
    """Read a scorecard file; every error names the file and the line."""
    text = decode(data)
    if text is None:
        raise ScorecardError(f"{name}:1: the scorecard is not text in UTF-8", path=name)
    documents = list(read_objects(name, text))
    for document in documents:
        if isinstance(document, Broken):
            raise ScorecardError(f"{name}:{document.line}: {document.reason}", path=name)
    found = [document for document in documents if isinstance(document, Manifest)]
    if [(one.api_version, one.kind) for one in found] != [(API_VERSION, "Scorecard")]:
        raise ScorecardError(
            f"{name}:1: expected one document with apiVersion {API_VERSION} and kind Scorecard",
            path=name,
        )
    return _Reading(found[0], registry).scorecard()


class _Reading:
    def __init__(self, manifest: Manifest, registry: Registry) -> None:
        self.manifest = manifest
        self.registry = registry

    def refuse(self, message: str, *keys: str | int) -> NoReturn:
        line = self.manifest.line(*keys) or 1
        raise ScorecardError(
            f"{self.manifest.path}:{line}: {message}", path=self.manifest.path, line=line
        )

    def scorecard(self) -> Scorecard:
        if not self.manifest.name:
            self.refuse("metadata.name is missing", "metadata")
        levels = tuple(self._level(i) for i, _ in enumerate(self._list("spec", "levels")))
        names = [level.name for level in levels]
        rules = tuple(self._rule(i, names) for i, _ in enumerate(self._list("spec", "checks")))
        seen = set[str]()
        for position, rule in enumerate(rules):
            if rule.check.id in seen:
                self.refuse(f"{rule.check.id} is listed twice", "spec", "checks", position)
            seen.add(rule.check.id)
        metadata = self.manifest.metadata
        return Scorecard(
            name=self.manifest.name,
            title=str(metadata.get("title") or self.manifest.name),
            description=str(metadata.get("description") or ""),
            levels=levels,
            rules=rules,
        )

    def _list(self, *keys: str) -> list[Any]:
        found = self.manifest.at(*keys)
        if not isinstance(found, list) or not found:
            self.refuse(f"{'.'.join(keys)} must be a list with at least one entry", *keys)
        return found

    def _level(self, position: int) -> Level:
        keys = ("spec", "levels", position)
        entry = self.manifest.at(*keys)
        name = entry.get("name") if isinstance(entry, dict) else entry
        if not isinstance(name, str) or not name:
            self.refuse("a level is a name, or {name, title, description}", *keys)
        details = mapping(entry)
        return Level(
            name=name,
            title=str(details.get("title") or name.capitalize()),
            description=str(details.get("description") or ""),
        )

    def _rule(self, position: int, levels: list[str]) -> Rule:
        keys = ("spec", "checks", position)
        entry = self.manifest.at(*keys)
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            self.refuse("a check is a mapping with an id", *keys)
        for key in entry:
            if key not in _RULE_KEYS:
                self.refuse(f"unknown key {key!r}: a check has {', '.join(_RULE_KEYS)}", *keys, key)
        check = self._check(entry["id"], *keys)
        if entry.get("level") not in levels:
            self.refuse(f"{check.id}: level must be one of {', '.join(levels)}", *keys, "level")
        return Rule(
            check=check,
            level=entry["level"],
            weight=self._weight(entry, check, *keys),
            params=self._params(entry, check, *keys),
            enforced_from=self._date(entry, check, *keys),
        )

    def _check(self, check_id: str, *keys: str | int) -> Check:
        check = self.registry.get(check_id)
        if check is None:
            near = near_checks(check_id, (known.id for known in self.registry))
            hint = f": {near}" if near else ""
            self.refuse(f"there is no check {check_id!r}{hint}", *keys, "id")
        return check

    def _weight(self, entry: Mapping[str, Any], check: Check, *keys: str | int) -> int:
        weight = entry.get("weight", check.severity.weight)
        if not isinstance(weight, int) or isinstance(weight, bool) or not 1 <= weight <= 100:
            self.refuse(f"{check.id}: weight is a whole number from 1 to 100", *keys, "weight")
        return weight

    def _params(self, entry: Mapping[str, Any], check: Check, *keys: str | int) -> Any:
        values = entry.get("params", {})
        if not isinstance(values, dict):
            self.refuse(f"{check.id}: params is a mapping", *keys, "params")
        try:
            return read_params(check.params, values)
        except ParamsError as error:
            self.refuse(f"{check.id}: {error}", *keys, "params", error.key)

    def _date(self, entry: Mapping[str, Any], check: Check, *keys: str | int) -> date | None:
        value = entry.get("enforced_from")
        if value is None:
            return None
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.refuse(
                f"{check.id}: enforced_from is a date such as 2027-01-31", *keys, "enforced_from"
            )
