"""The objects of a snapshot, found by kind, name or label, the nearest first.

Files of a GitOps repository often leave the namespace out and repeat names for each environment.
So an object refers to the nearest one that fits: in the same rendering or file, else the same
folder, else the folder above. Built once per snapshot; a lookup never walks all objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Snapshot

Accept = Callable[[Manifest], bool]
_FEW = 8  # fewer than this are compared one by one


@lru_cache(maxsize=65536)
def _scopes(place: str) -> tuple[str, ...]:
    """A place and the folders around it, from the inside out: `a/b.yaml`, `a`, ``."""
    parts = place.split("/") if place else []
    return tuple("/".join(parts[:end]) for end in range(len(parts), -1, -1))


def scopes_of(manifest: Manifest) -> tuple[str, ...]:
    return _scopes(manifest.path if manifest.origin is None else manifest.origin)


def folder_of(manifest: Manifest) -> str:
    """The folder that was rendered, or the one the file stands in."""
    if manifest.origin is not None:
        return manifest.origin
    return manifest.path.rpartition("/")[0]


def folders_above(folder: str) -> tuple[str, ...]:
    """A folder and the ones around it, from the inside out; the last is the root, ``."""
    return _scopes(folder)


def compatible(one: str, other: str) -> bool:
    """Whether two namespaces may be the same: equal, or one is left to whoever applies the file."""
    return one == other or not one or not other


class Shelf:
    """Objects that share one key."""

    __slots__ = ("_by_namespace", "_by_scope")

    def __init__(self) -> None:
        self._by_namespace: dict[str, list[Manifest]] = {}
        self._by_scope: dict[str, dict[str, list[Manifest]]] = {}

    def add(self, manifest: Manifest) -> None:
        self._by_namespace.setdefault(manifest.namespace, []).append(manifest)

    def __iter__(self) -> Iterator[Manifest]:
        for manifests in self._by_namespace.values():
            yield from manifests

    def nearest(
        self, near: Manifest, namespace: str, accept: Accept | None = None
    ) -> list[Manifest]:
        """The objects that fit and share the innermost folder with `near`; all of them, if tied."""
        names = {namespace, ""} if namespace else set(self._by_namespace)
        lists = [(name, self._by_namespace[name]) for name in names if name in self._by_namespace]
        total = sum(len(manifests) for _, manifests in lists)
        wanted = scopes_of(near)
        if total <= _FEW:
            return _innermost(wanted, [m for _, some in lists for m in some], accept)
        for scope in wanted:
            found = [
                manifest
                for name, _ in lists
                for manifest in self._scoped(name).get(scope, ())
                if accept is None or accept(manifest)
            ]
            if found:
                return found
        return []

    def _scoped(self, namespace: str) -> dict[str, list[Manifest]]:
        if namespace not in self._by_scope:
            scoped: dict[str, list[Manifest]] = {}
            for manifest in self._by_namespace[namespace]:
                for scope in scopes_of(manifest):
                    scoped.setdefault(scope, []).append(manifest)
            self._by_scope[namespace] = scoped
        return self._by_scope[namespace]


def _innermost(
    wanted: tuple[str, ...], manifests: Iterable[Manifest], accept: Accept | None
) -> list[Manifest]:
    best, found = -1, list[Manifest]()
    around = set(wanted)
    for manifest in manifests:
        if accept is not None and not accept(manifest):
            continue
        shared = next(len(scope) for scope in scopes_of(manifest) if scope in around)
        if shared > best:
            best, found = shared, [manifest]
        elif shared == best:
            found.append(manifest)
    return found


class Index:
    """Every object of a snapshot that a check may judge."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._by_kind: dict[str, list[Manifest]] = {}
        self._by_name: dict[tuple[str, str, str], Shelf] = {}
        for manifest in snapshot.manifests:
            if manifest.unrendered_reason is not None:
                continue
            group, kind = manifest.group, manifest.kind
            self._by_kind.setdefault(kind, []).append(manifest)
            self._by_name.setdefault((group, kind, manifest.name), Shelf()).add(manifest)

    def of_kind(self, kind: str, group: str) -> list[Manifest]:
        return [found for found in self._by_kind.get(kind, ()) if found.group == group]

    def named(
        self, group: str, kind: str, name: str, *, near: Manifest, namespace: str | None = None
    ) -> list[Manifest]:
        """The nearest objects of that name; `namespace` is `near`'s own unless given."""
        shelf = self._by_name.get((group, kind, name))
        if shelf is None:
            return []
        return shelf.nearest(near, near.namespace if namespace is None else namespace)

    def everywhere(self, group: str, kind: str, name: str) -> list[Manifest]:
        return list(self._by_name.get((group, kind, name), ()))
