"""What an Argo CD Application leaves alone: the coverage of its `ignoreDifferences`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.argocd import jq_paths
from flagstone.scorecards.engine.argocd.jq_paths import Place

_IN_A_LIST = re.compile(r"\[(?!\s*[\"'])")  # `[]`, `[0]`, `[] | select(...)`, but not `["a-key"]`
_NUMBER = re.compile(r"\d{1,9}|-")


@dataclass(frozen=True, slots=True)
class IgnoredDifference:
    """One entry, with the way to it."""

    keys: Place
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

    def reaches_into_a_list(self) -> bool:
        return (
            bool(self.managers)
            or any(_IN_A_LIST.search(path) for path in self.jq_paths)
            or any(_NUMBER.fullmatch(part) for path in self.pointers for part in path.split("/"))
        )

    def names_a_list(self, manifest: Manifest) -> bool:
        """Whether what it names in an object is a list, or holds one."""
        return self.is_for(manifest) and any(
            _holds_a_list(dig(manifest.raw, *place)) for place in self._named(manifest)
        )

    def covers(self, manifest: Manifest, place: Place) -> bool:
        """Whether a value of an object, or something around it, is left alone."""
        if not self.is_for(manifest):
            return False
        if any(place[: len(named)] == named for named in self._named(manifest)):
            return True
        words = [key for key in place if isinstance(key, str)]
        return any(
            all(word in path for word in words)
            for path in self.jq_paths
            if jq_paths.places(path, manifest.raw) is None
        )

    def _named(self, manifest: Manifest) -> Iterator[Place]:
        for pointer in self.pointers:
            if pointer.startswith("/"):
                parts = pointer.rstrip("/").split("/")[1:]
                yield tuple(map(_part, parts))
        for path in self.jq_paths:
            yield from jq_paths.places(path, manifest.raw) or ()


def _part(text: str) -> str | int:
    """One key of a JSON pointer; its lists are counted from 0."""
    return (
        int(text)
        if _NUMBER.fullmatch(text) and text != "-"
        else text.replace("~1", "/").replace("~0", "~")
    )


def _holds_a_list(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_a_list, value.values()))
    return isinstance(value, list)


def ignored_differences(entries: Any, base: Place) -> Iterator[IgnoredDifference]:
    for position, entry in enumerate(sequence(entries)):
        yield IgnoredDifference((*base, position), mapping(entry))


def left_alone(
    entries: Iterable[IgnoredDifference],
    manifest: Manifest,
    places: Iterable[Place],
    *,
    writers: frozenset[str],
) -> bool:
    """Whether all entries together leave alone each place of an object.

    Args:
        entries: of an Application, and of Argo CD itself.
        manifest: the object.
        places: what a controller writes there; at least one.
        writers: the names by which that controller writes.
    """
    asked, used = list(places), [entry for entry in entries if entry.is_for(manifest)]
    if any(writers.intersection(entry.managers) for entry in used):
        return True
    return bool(asked) and all(
        any(entry.covers(manifest, place) for entry in used) for place in asked
    )
