"""The objects of a snapshot, found by kind, name or label, the nearest first.

Files of a GitOps repository often leave the namespace out and repeat names for each environment.
So an object refers to the nearest one that fits: in the same rendering or folder, else in the
folder above, and so on. Built once per snapshot; a lookup never walks all objects.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property, lru_cache

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Snapshot

Accept = Callable[[Manifest], bool]
_FEW = 8  # fewer than this are compared one by one


@lru_cache(maxsize=65536)
def folders_above(folder: str) -> tuple[str, ...]:
    """A folder and the ones around it, from the inside out; the last is the root, ``."""
    parts = folder.split("/") if folder else []
    return tuple("/".join(parts[:end]) for end in range(len(parts), -1, -1))


def with_folders_above(folders: Iterable[str]) -> frozenset[str]:
    return frozenset(outer for folder in set(folders) for outer in folders_above(folder))


def folder_of(manifest: Manifest) -> str:
    """The folder that was rendered, or the one the file stands in."""
    if manifest.origin is not None:
        return manifest.origin
    return manifest.path.rpartition("/")[0]


def compatible(one: str, other: str) -> bool:
    """Whether two namespaces may be the same: equal, or one is left to whoever applies the file."""
    return one == other or not one or not other


class Shelf:
    """Objects that share one key."""

    __slots__ = ("_by_folder", "_by_namespace")

    def __init__(self) -> None:
        self._by_namespace: dict[str, list[Manifest]] = {}
        self._by_folder: dict[str, dict[str, list[Manifest]]] = {}

    def add(self, manifest: Manifest) -> None:
        self._by_namespace.setdefault(manifest.namespace, []).append(manifest)

    def __iter__(self) -> Iterator[Manifest]:
        for manifests in self._by_namespace.values():
            yield from manifests

    def nearest(
        self, near: Manifest, namespace: str, accept: Accept | None = None
    ) -> list[Manifest]:
        """The objects that fit and share the innermost folder with `near`; all of them, if tied.

        Of several objects of one name, those in `near`'s own file are meant.
        """
        names = [namespace, ""] if namespace else list(self._by_namespace)
        lists = [(name, self._by_namespace[name]) for name in names if name in self._by_namespace]
        wanted = folders_above(folder_of(near))
        if sum(len(manifests) for _, manifests in lists) <= _FEW:
            found = _innermost(wanted, [m for _, some in lists for m in some], accept)
        else:
            found = self._by_walking(wanted, [name for name, _ in lists], accept)
        return found if len(found) < 2 else _own_file_first(found, near)

    def _by_walking(
        self, wanted: tuple[str, ...], namespaces: list[str], accept: Accept | None
    ) -> list[Manifest]:
        for folder in wanted:
            found = [
                manifest
                for namespace in namespaces
                for manifest in self._folders(namespace).get(folder, ())
                if accept is None or accept(manifest)
            ]
            if found:
                return found
        return []

    def _folders(self, namespace: str) -> dict[str, list[Manifest]]:
        if namespace not in self._by_folder:
            folders: dict[str, list[Manifest]] = {}
            for manifest in self._by_namespace[namespace]:
                for folder in folders_above(folder_of(manifest)):
                    folders.setdefault(folder, []).append(manifest)
            self._by_folder[namespace] = folders
        return self._by_folder[namespace]


def _innermost(
    wanted: tuple[str, ...], manifests: Iterable[Manifest], accept: Accept | None
) -> list[Manifest]:
    best, found = -1, list[Manifest]()
    for manifest in manifests:
        if accept is not None and not accept(manifest):
            continue
        shared = next(len(f) for f in folders_above(folder_of(manifest)) if f in wanted)
        if shared > best:
            best, found = shared, [manifest]
        elif shared == best:
            found.append(manifest)
    return found


def _own_file_first(found: list[Manifest], near: Manifest) -> list[Manifest]:
    same_file = {m.identity for m in found if m.path == near.path and m.origin == near.origin}
    return [
        m
        for m in found
        if m.identity not in same_file or (m.path == near.path and m.origin == near.origin)
    ]


class Index:
    """Every object of a snapshot that a check may judge."""

    def __init__(self, snapshot: Snapshot, leave_out: Collection[Manifest] = ()) -> None:
        self.snapshot = snapshot
        self.manifests: list[Manifest] = []
        self.namespaces: set[str] = set()
        self._by_kind: dict[tuple[str, str], list[Manifest]] = {}
        self._by_name: dict[tuple[str, str, str], Shelf] = {}
        for manifest in snapshot.manifests:
            if manifest.unrendered_reason is not None or manifest in leave_out:
                continue
            self.manifests.append(manifest)
            group, kind = manifest.group, manifest.kind
            key = (group, kind, manifest.name)
            self._by_kind.setdefault((group, kind), []).append(manifest)
            if key not in self._by_name:
                self._by_name[key] = Shelf()
            self._by_name[key].add(manifest)
            self.namespaces.add(manifest.namespace)

    def of_kind(self, kind: str, group: str) -> list[Manifest]:
        return self._by_kind.get((group, kind), [])

    def named(
        self, group: str, kind: str, name: str, *, near: Manifest, namespace: str | None = None
    ) -> list[Manifest]:
        """The nearest objects of that name; `namespace` is `near`'s own unless given."""
        shelf = self._by_name.get((group, kind, name))
        if shelf is None:
            return []
        return shelf.nearest(near, near.namespace if namespace is None else namespace)

    @cached_property
    def _by_folder(self) -> dict[str, list[Manifest]]:
        found: dict[str, list[Manifest]] = {}
        for manifest in self.manifests:
            found.setdefault(folder_of(manifest), []).append(manifest)
        return found

    def in_folder(self, folder: str) -> list[Manifest]:
        """The objects of one folder, without those of the folders in it."""
        return self._by_folder.get(folder, [])

    def everywhere(self, group: str, kind: str, name: str) -> list[Manifest]:
        return list(self._by_name.get((group, kind, name), ()))
