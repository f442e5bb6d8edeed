"""What a kind is called in the rules of the API server, and whether it lives in a namespace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from flagstone.policies.manifests.known_kinds import CONSTRAINTS, KUBERNETES, ODD, PROJECTS
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.resources import is_cluster_wide, resource_of

GroupKind = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind as its definition has it: the plural in small letters, and its scope."""

    plural: str
    is_namespaced: bool


def _known() -> dict[GroupKind, Resource]:
    return {
        (group, kind): Resource(ODD.get((group, kind)) or resource_of(kind), is_namespaced)
        for group, scopes in (KUBERNETES | PROJECTS).items()
        for kinds, is_namespaced in zip(scopes, (True, False), strict=True)
        for kind in kinds.split()
    }


_KNOWN = _known()


class Kinds:
    """The kinds in view; what a definition says counts before what is known without one."""

    def __init__(
        self,
        defined: Mapping[GroupKind, Resource] | None = None,
        seen: Iterable[GroupKind] = (),
    ) -> None:
        """Take what is known.

        Args:
            defined: the kinds whose definition is in view.
            seen: the kinds of the objects in view, of which some may have no definition.
        """
        self._defined = dict(defined or {})
        self._seen = frozenset(seen)

    def also(self, defined: Mapping[GroupKind, Resource]) -> Kinds:
        """These kinds with further definitions; those that are there count before them."""
        return Kinds({**defined, **self._defined}, self._seen) if defined else self

    def known(self, group: str, kind: str) -> Resource | None:
        """What is known for sure of a kind."""
        if found := self._defined.get((group, kind)) or _KNOWN.get((group, kind)):
            return found
        return Resource(kind.lower(), is_namespaced=False) if group == CONSTRAINTS else None

    def plural(self, group: str, kind: str) -> str:
        """What a kind is called in a rule; by the rules of English where nothing is known."""
        found = self.known(group, kind)
        return found.plural if found else resource_of(kind)

    def is_called(self, resource: str, kind: GroupKind, groups: Iterable[str]) -> bool | None:
        """Whether a rule that names a resource of some groups means a kind; None if nobody can tell.

        Its plural is what its definition says. Where that is not in view, it may be any that no other
        kind of those groups has.
        """
        if resource == self.plural(*kind):
            return True
        if self.known(*kind) or kind[0] in KUBERNETES:
            return False
        taken = self._plurals
        return (
            False
            if any(resource in taken.get(group, ()) for group in self._meant(groups))
            else None
        )

    def is_cluster_wide(self, manifest: Manifest) -> bool | None:
        """Whether an object has no namespace; one without any may get that of its place: None."""
        if found := self.known(manifest.group, manifest.kind):
            return not found.is_namespaced
        if manifest.namespace:
            return False
        return is_cluster_wide(manifest.kind, "") or None

    def _meant(self, groups: Iterable[str]) -> Iterable[str]:
        given = list(groups)
        return self._plurals if "*" in given else given

    @cached_property
    def _plurals(self) -> dict[str, set[str]]:
        """The plurals by group: those that are known, and those that kinds in view should have."""
        found: dict[str, set[str]] = {}
        for group, kind in {**_KNOWN, **self._defined}.keys() | self._seen:
            found.setdefault(group, set()).add(self.plural(group, kind))
        return found
