"""Samples: what a check must say of manifests, each written as its difference from one good service.

A sample is YAML with `use` (objects of samples/base.yaml), `remove` and `set` (key paths, `/` between
the keys, `-` for the end of a list), `add` (more objects), `text` (raw YAML behind them) and `files`.
`canary` adds the Terraform of samples/canary-module, each text on its left replaced by the one on its right.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.reading import read_files
from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.engine.definition import Level, Rule, Scorecard, load_scorecard
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.reporting.report import CheckReport, Report, ServiceReport

REPOSITORY = Path(__file__).resolve().parents[3]
SCORECARDS = REPOSITORY / "scorecards"
SAMPLES = Path(__file__).resolve().parents[1] / "samples"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FOLDER = "services/checkout"


@cache
def policies() -> PolicySet:
    return PolicySet.load(SCORECARDS / "policies")


@cache
def production_readiness() -> Scorecard:
    return load_scorecard(SCORECARDS / "production-readiness.yaml")


def scorecard(*check_ids: str, **changes: Any) -> Scorecard:
    """A scorecard of these checks at one level; `changes` are those of each rule."""
    checks = [check for check in REGISTRY if check.id in check_ids]
    rules = [Rule(check, "gold", check.severity.weight, check.params()) for check in checks]
    changed = tuple(_replace(rule, changes) for rule in rules)
    return Scorecard("sample", "Sample", "", (Level("gold", "Gold", ""),), changed)


def _replace(rule: Rule, changes: dict[str, Any]) -> Rule:
    values = {name: getattr(rule, name) for name in Rule.__slots__} | changes
    return Rule(**values)


def score(files: dict[str, bytes], card: Scorecard | None = None, **options: Any) -> Report:
    """Evaluate files with our own policies; by the whole production-readiness scorecard if none."""
    snapshot = read_files(files, render=False)
    rules = options.pop("policies", None) or policies()
    card = card or production_readiness()
    return evaluate(snapshot, card, rules, now=options.pop("now", NOW), **options)


def service(report: Report, name: str = "checkout") -> ServiceReport:
    """The service of that name, or the only one that there is."""
    named = [one for one in report.services if one.name == name]
    found = named if len(report.services) > 1 else report.services
    assert len(found) == 1, [one.ref for one in report.services]
    return found[0]


def verdict(report: Report, check_id: str, name: str = "checkout") -> CheckReport:
    return next(check for check in service(report, name).checks if check.id == check_id)


@cache
def _base() -> dict[str, Any]:
    base: dict[str, Any] = yaml.safe_load((SAMPLES / "base.yaml").read_text())
    return base


def objects(*names: str) -> dict[str, Any]:
    """Fresh copies of objects of the good service."""
    return {name: copy.deepcopy(_base()[name]) for name in names}


def as_yaml(documents: list[Any]) -> str:
    return "---\n".join(yaml.safe_dump(document, sort_keys=False) for document in documents)


def files_of(documents: dict[str, Any], folder: str = FOLDER) -> dict[str, bytes]:
    """One file with these objects in a folder."""
    return {f"{folder}/manifests.yaml".lstrip("/"): as_yaml(list(documents.values())).encode()}


def read_sample(path: Path) -> dict[str, bytes]:
    """The files that a sample stands for."""
    return files_of_change(yaml.safe_load(path.read_text()))


def files_of_change(sample: dict[str, Any]) -> dict[str, bytes]:
    """The files of the good service, changed as a sample says."""
    found = objects(*sample["use"])
    for place in sample.get("remove", ()):
        holder, key = _holder(found, place)
        del holder[key]
    for place, value in sample.get("set", {}).items():
        holder, key = _holder(found, place)
        if key == "-":
            holder.append(value)
        else:
            holder[key] = value
    text = as_yaml([*found.values(), *sample.get("add", ())]) + sample.get("text", "")
    more = {f"{FOLDER}/{name}": body.encode() for name, body in sample.get("files", {}).items()}
    if "canary" in sample:
        more = canary_module(sample["canary"]) | more
    return {f"{FOLDER}/manifests.yaml": text.encode(), **more}


def canary_module(changes: dict[str, str]) -> dict[str, bytes]:
    """The Terraform of a good canary, changed."""
    found = {path: path.read_text() for path in (SAMPLES / "canary-module").rglob("*.*")}
    for old, new in changes.items():
        assert any(old in text for text in found.values()), old
        found = {path: text.replace(old, new) for path, text in found.items()}
    folder = f"{FOLDER}/synthetics"
    return {
        f"{folder}/{path.relative_to(SAMPLES / 'canary-module')}": text.encode()
        for path, text in found.items()
    }


def _holder(found: Any, place: str) -> tuple[Any, Any]:
    keys = [key.replace("~1", "/").replace("~0", "~") for key in place.split("/")]
    for key in keys[:-1]:
        found = found[int(key)] if isinstance(found, list) else found.setdefault(key, {})
    last = keys[-1]
    return found, int(last) if isinstance(found, list) and last != "-" else last
