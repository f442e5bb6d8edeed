"""What is counted: cells of tables by others, each compared with what Flagstone reads or says."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from flagstone.policies.manifests.kustomizations import GROUP as KUSTOMIZE
from flagstone.policies.manifests.objects import sequence
from flagstone.policies.manifests.reading import read_folder
from flagstone.policies.schemas.schemas import Schemas
from flagstone.scorecards.engine.prometheus.promql import Records, alternatives, clause, parse
from tests.corpora import corpus
from tests.policies.test_facts_agreement import NO_KIND, TEMPLATE, derived

_IDENTITY = ("file", "doc", "kind", "namespace", "name", "container")
_UNITS = {"m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Count:
    """One line of a table: how many cells were compared, and which do not agree."""

    about: str
    compared: int
    otherwise: tuple[str, ...] = ()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def facts() -> list[Count]:
    """FACTS.tsv, cell by cell."""
    root = corpus("manifests")
    rows = rows_of(root / "FACTS.tsv")
    templates = {row["file"] for row in rows if row["note"] == TEMPLATE}
    snapshot = read_folder(root, render=False)
    ours = {
        tuple(found.get(column, "") for column in _IDENTITY): found
        for manifest in snapshot.manifests
        if manifest.path not in templates
        for found in derived(manifest, snapshot)
    }
    compared, otherwise = Counter[str](), dict[str, list[str]]()
    for row in rows:
        skipped = row["note"] in {TEMPLATE, NO_KIND} or row["apiVersion"].startswith(KUSTOMIZE)
        if skipped:
            continue
        found = ours.get(tuple(row[column] for column in _IDENTITY), {})
        for column, cell in row.items():
            if cell or found.get(column):
                compared[column] += 1
                if found.get(column, "") != cell:
                    place = f"{row['file']}#{row['doc']} {row['kind']}/{row['name']}"
                    otherwise.setdefault(column, []).append(place)
    return [Count(c, compared[c], tuple(otherwise.get(c, ()))) for c in rows[0] if compared[c]]


def schemas() -> list[Count]:
    """CRD_CHECK.tsv: each custom resource against its CRD."""
    counts = []
    for name in ("manifests", "slo"):
        root = corpus(name)
        snapshot = read_folder(root, render=False)
        known = Schemas.for_objects(snapshot.manifests, corpus("crds"))
        fits = {
            (m.path, str(m.document), m.kind): "no" if known.problems(m) else "yes"
            for m in snapshot.manifests
        }
        rows = rows_of(root / "CRD_CHECK.tsv")
        otherwise = [
            row["file"]
            for row in rows
            if fits.get((row["file"], row["doc"], row["kind"])) != row["fits_crd_schema"]
        ]
        counts.append(Count(f"{name}/CRD_CHECK.tsv", len(rows), tuple(otherwise)))
    return counts


def burn_alerts() -> list[Count]:
    """EXPECTED_alerts.tsv: the windows and factors of every alert that Sloth writes."""
    root = corpus("slo")
    rows = rows_of(root / "EXPECTED_alerts.tsv")
    column = next(name for name in rows[0] if name.startswith("clauses"))
    compared, otherwise = Counter[str](), dict[str, list[str]]()
    for row in rows:
        compared[row["severity"]] += 1
        if _expected(row[column]) not in _taken_apart(root, row):
            otherwise.setdefault(row["severity"], []).append(f"{row['file']} {row['alert']}")
    return [
        Count(f"alerts of severity {severity}", number, tuple(otherwise.get(severity, ())))
        for severity, number in sorted(compared.items())
    ]


def _taken_apart(root: Path, row: dict[str, str]) -> list[set[tuple[int, float]]]:
    documents: list[Any] = list(yaml.safe_load_all((root / row["file"]).read_text()))
    document = documents[int(row["doc"])]
    groups = (document.get("spec") or document)["groups"]
    rules = next(group["rules"] for group in groups if group["name"] == row["group"])
    texts = [
        rule["expr"]
        for rule in sequence(rules)
        if rule.get("alert") == row["alert"]
        and row["severity"] in {str(value) for value in rule.get("labels", {}).values()}
    ]
    nothing = Records({})
    return [
        {
            (found.window, round(found.burn or 0, 4))
            for together in alternatives(parse(text))
            for item in together
            if (found := clause(item, nothing)) and found.window
        }
        for text in texts
    ]


def _expected(text: str) -> set[tuple[int, float]]:
    found = re.findall(r"(\d+)([mhd])>([\d.]+)\*", text)
    return {(int(number) * _UNITS[unit], round(float(factor), 4)) for number, unit, factor in found}
