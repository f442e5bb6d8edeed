"""The Gatekeeper policies that lie in the repository: what is judged, not what judges.

A template and its constraints often lie in folders of their own; together they are one subject.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from flagstone.policies.gatekeeper import constraints, templates
from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.index import Index, Shelf, folder_of

if TYPE_CHECKING:
    from flagstone.scorecards.engine.services import ServiceView
    from flagstone.scorecards.engine.trials.trial import Trial


def is_constraint(manifest: Manifest) -> bool:
    return manifest.group == constraints.GROUP


def constrained_kind(template: Manifest) -> str:
    """The kind of the constraints that a template makes; "" if it does not say."""
    kind = template.at("spec", "crd", "spec", "names", "kind")
    return kind if isinstance(kind, str) else ""


def templates_of(service: ServiceView) -> list[Manifest]:
    return service.of_kind("ConstraintTemplate", templates.GROUP)


def constraints_of(service: ServiceView) -> list[Manifest]:
    return [manifest for manifest in service.manifests if is_constraint(manifest)]


def trials_of(service: ServiceView) -> Iterator[Trial]:
    """One trial for each constraint of the service, and for each template that nothing uses."""
    policies = service.surroundings.policies_in_view
    for constraint in constraints_of(service):
        template = policies.template_of(constraint)
        if template is not None:
            yield service.surroundings.trial(template, constraint)
    for template in templates_of(service):
        if not policies.constraints_of(template):
            yield service.surroundings.trial(template, None)


class PoliciesInView:
    """Every ConstraintTemplate and constraint of a snapshot, and which belongs to which."""

    def __init__(self, index: Index) -> None:
        self.templates = index.of_kind("ConstraintTemplate", templates.GROUP)
        self.constraints = [m for m in index.manifests if is_constraint(m)]
        self._by_kind: dict[str, Shelf] = {}
        for template in self.templates:
            self._by_kind.setdefault(constrained_kind(template), Shelf()).add(template)

    def template_of(self, constraint: Manifest) -> Manifest | None:
        """The nearest template that defines the constraint's kind."""
        shelf = self._by_kind.get(constraint.kind)
        return next(iter(shelf.nearest(constraint, "")), None) if shelf else None

    @cached_property
    def _constraints_of(self) -> dict[Manifest, list[Manifest]]:
        found: dict[Manifest, list[Manifest]] = {}
        for constraint in self.constraints:
            template = self.template_of(constraint)
            if template is not None:
                found.setdefault(template, []).append(constraint)
        return found

    def constraints_of(self, template: Manifest) -> list[Manifest]:
        return self._constraints_of.get(template, [])

    def folders(self) -> dict[Manifest, str]:
        """The folder under which each is judged: its own, or the one around all that it goes with."""
        links = _Links()
        for manifest in (*self.templates, *self.constraints):
            links.join(folder_of(manifest), folder_of(manifest))
        for template, used in self._constraints_of.items():
            for constraint in used:
                links.join(folder_of(template), folder_of(constraint))
        around = {folder: _around(group) for group in links.groups() for folder in group}
        return {m: around[folder_of(m)] for m in (*self.templates, *self.constraints)}


class _Links:
    """Folders that belong together, directly or through others."""

    def __init__(self) -> None:
        self._leads: dict[str, str] = {}

    def join(self, one: str, other: str) -> None:
        self._leads[self._lead(one)] = self._lead(other)

    def _lead(self, folder: str) -> str:
        while (lead := self._leads.setdefault(folder, folder)) != folder:
            self._leads[folder] = self._leads[lead]
            folder = lead
        return folder

    def groups(self) -> Iterable[list[str]]:
        found: dict[str, list[str]] = {}
        for folder in self._leads:
            found.setdefault(self._lead(folder), []).append(folder)
        return found.values()


def _around(folders: list[str]) -> str:
    return posixpath.commonpath(folders) if "" not in folders else ""
