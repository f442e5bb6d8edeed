"""Services in the making: who owns which object, and which service lies where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Problem
from flagstone.policies.manifests.workloads import is_workload
from flagstone.scorecards.engine.index import folder_of, folders_above
from flagstone.scorecards.engine.subjects.artefacts import Artefact
from flagstone.scorecards.engine.subjects.catalogue import Component


@dataclass(eq=False, slots=True)
class Draft:
    """A service in the making.

    `reasons` say why parts of it are not in view; `alone` marks objects that no service claims.
    """

    name: str
    ref: str
    folder: str
    component: Component | None = None
    alone: bool = False
    manifests: list[Manifest] = field(default_factory=list)
    artefacts: dict[Artefact, None] = field(default_factory=dict)
    reasons: dict[str, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class Drafts:
    """All of them, found by owner and by folder."""

    def __init__(self) -> None:
        self.all: list[Draft] = []
        self.owners: dict[Manifest, list[Draft]] = {}
        self._by_name: dict[str, list[Draft]] = {}
        self._in_folder: dict[str, list[Draft]] = {}
        self._below: dict[str, list[Draft]] = {}

    def add(self, draft: Draft) -> Draft:
        self.all.append(draft)
        self._by_name.setdefault(draft.name, []).append(draft)
        self._in_folder.setdefault(draft.folder, []).append(draft)
        for folder in folders_above(draft.folder):
            self._below.setdefault(folder, []).append(draft)
        return draft

    def give(self, manifest: Manifest, drafts: Iterable[Draft]) -> None:
        for draft in drafts:
            owners = self.owners.setdefault(manifest, [])
            if draft not in owners:
                owners.append(draft)
                draft.manifests.append(manifest)

    def called(self, name: str) -> list[Draft]:
        return self._by_name.get(name, [])

    def below(self, folder: str) -> list[Draft]:
        """The services in a folder and in the folders below it."""
        return self._below.get(folder, [])

    def components_in(self, folder: str) -> list[Draft]:
        return [draft for draft in self._in_folder.get(folder, ()) if draft.component]

    def workloads_in(self, folder: str) -> Iterator[Manifest]:
        """The workloads of services in this very folder."""
        for draft in self.below(folder):
            for manifest in draft.manifests:
                if is_workload(manifest) and folder_of(manifest) == folder:
                    yield manifest

    def components_below(self, folder: str) -> list[Draft]:
        return [draft for draft in self.below(folder) if draft.component]

    def components_around(self, folder: str) -> list[Draft]:
        """The components of the innermost folder, from this one outwards, that has some."""
        found = (self.components_in(outer) for outer in folders_above(folder))
        return next((drafts for drafts in found if drafts), [])

    def only_one_near(self, folder: str) -> Draft | None:
        """The one service of the innermost folder that has any; None if it has several."""
        for outer in folders_above(folder):
            claimed = (draft for draft in self.below(outer) if not draft.alone)
            found = list(islice(claimed, 2))
            if found:
                return found[0] if len(found) == 1 else None
        return None
