"""What an Argo CD Application leaves alone: the coverage of its `ignoreDifferences`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from flagstone.policies.manifests.objects import Manifest, mapping, sequence

ROLLOUTS_MANAGER = "rollouts-controller"
_IN_A_LIST = re.compile(r"\[(?!\s*[\"'])")  # `[]`, `[0]`, `[] | select(...)`, but not `["a-key"]`
_NUMBER = re.compile(r"\d+|-")


@dataclass(frozen=True, slots=True)
class IgnoredDifference:
    """One entry, with the way to it."""

    keys: tuple[str | int, ...]
    raw: dict[str, Any]

    def is_for(self, manifest: Manifest) -> bool:
        wanted = {
            "group": manifest.group,
            "kind": manifest.kind,
            "name": manifest.name,
            "namespace": manifest.namespace,
        }
        required = {"kind": self.raw.get("kind", ""), "group": self.raw.get("group", "")}
        given = required | {k: self.raw[k] for k in ("name", "namespace") if self.raw.get(k)}
        return all(
            fnmatchcase(wanted[field], str(pattern)) or (field == "namespace" and not wanted[field])
            for field, pattern in given.items()
        )

    @property
    def jq_paths(self) -> list[str]:
        return [str(path) for path in sequence(self.raw.get("jqPathExpressions"))]

    @property
    def pointers(self) -> list[str]:
        return [str(path) for path in sequence(self.raw.get("jsonPointers"))]

    @property
    def managers(self) -> list[str]:
        return [str(name) for name in sequence(self.raw.get("managedFieldsManagers"))]

    @property
    def by_rollouts(self) -> bool:
        """Whether everything is left alone that the Rollouts controller writes."""
        return ROLLOUTS_MANAGER in self.managers

    def reaches_into_a_list(self) -> bool:
        return (
            bool(self.managers)
            or any(_IN_A_LIST.search(path) for path in self.jq_paths)
            or any(_NUMBER.fullmatch(part) for path in self.pointers for part in path.split("/"))
        )

    def covers_pointer(self, pointer: str) -> bool:
        """Whether a value or something around it is named by a JSON pointer."""
        return any(
            pointer == path or pointer.startswith(f"{path.rstrip('/')}/") for path in self.pointers
        )


def ignored_differences(entries: Any, base: tuple[str | int, ...]) -> Iterator[IgnoredDifference]:
    for position, entry in enumerate(sequence(entries)):
        yield IgnoredDifference((*base, position), mapping(entry))


def covers_weights(entry: IgnoredDifference, route: Manifest) -> bool:
    """Whether the weights of a VirtualService are left alone."""
    if not entry.is_for(route):
        return False
    if entry.by_rollouts or any("http" in p and "weight" in p for p in entry.jq_paths):
        return True
    if any(path.replace("[]", "") in {".spec", ".spec.http"} for path in entry.jq_paths):
        return True
    weighted = [
        f"/spec/http/{i}/route/{j}/weight"
        for i, rule in enumerate(sequence(route.spec.get("http")))
        for j, item in enumerate(sequence(mapping(rule).get("route")))
        if "weight" in mapping(item)
    ]
    return bool(weighted) and all(entry.covers_pointer(pointer) for pointer in weighted)


def covers_subset_labels(entry: IgnoredDifference, rule: Manifest) -> bool:
    """Whether the pod hash that the controller writes into a subset's labels is left alone."""
    if not entry.is_for(rule):
        return False
    if entry.by_rollouts or any("subsets" in p and "labels" in p for p in entry.jq_paths):
        return True
    if any(path.replace("[]", "") in {".spec", ".spec.subsets"} for path in entry.jq_paths):
        return True
    subsets = range(len(sequence(rule.spec.get("subsets"))))
    hashes = [f"/spec/subsets/{i}/labels/rollouts-pod-template-hash" for i in subsets]
    return bool(hashes) and all(entry.covers_pointer(pointer) for pointer in hashes)
