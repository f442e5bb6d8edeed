"""Objectives in files that no cluster gets: OpenSLO documents and Sloth's own specifications."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.documents import Document
from flagstone.policies.manifests.objects import dig, mapping, sequence
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.alert_scenarios.objectives import Objective, share_of

_NAME = re.compile(r"[^/]*(slo|sloth|service-level|objective)[^/]*\.ya?ml", re.IGNORECASE)
_MARKS = ("openslo/", "openslo.com/", "prometheus/v1")  # a file of rules has none


@dataclass(frozen=True, slots=True)
class Declared:
    """An objective with the service that it names and the folder that it stands in.

    Attributes:
        object: the name of the object that declares it; None in a file that no cluster gets.
    """

    objective: Objective
    service: str
    folder: str
    object: str | None = None


def declared_in_files(snapshot: Snapshot) -> Iterator[Declared]:
    """What is declared in files that are called after objectives; others are not opened for it."""
    for path in snapshot.paths():
        folder, _, name = path.rpartition("/")
        if not _NAME.fullmatch(name):
            continue
        if path not in snapshot.foreign:
            text = snapshot.read_text(path) or ""
            if not any(mark in text for mark in _MARKS):
                continue
        for document in snapshot.documents_of(path):
            if isinstance(document, Document):
                for service, title, value in _objectives(mapping(document.value)):
                    share = share_of(value)
                    if share is not None:
                        yield Declared(Objective(share, title, path), service, folder)


def _objectives(raw: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Service, name and target."""
    version = str(raw.get("version", ""))
    if version.startswith("prometheus/v1"):
        for slo in map(mapping, sequence(raw.get("slos"))):
            yield str(raw.get("service", "")), str(slo.get("name", "")), slo.get("objective")
    elif str(raw.get("apiVersion", "")).startswith("openslo") and raw.get("kind") == "SLO":
        spec = mapping(raw.get("spec"))
        for objective in map(mapping, sequence(spec.get("objectives"))):
            target = objective.get("target", objective.get("targetPercent"))
            title = str(dig(raw, "metadata", "name") or "")
            yield str(spec.get("service", "")), title, target
