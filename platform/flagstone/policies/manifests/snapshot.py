"""What one reading of a folder found: its files, its objects, and what could not be read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from flagstone.policies.manifests.documents import Broken, Document, read_documents
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import Identity, Manifest


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or part of one, that could not be read, and why, in words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the files themselves, before any check.

    `kind` is one of `parse`, `duplicate-key`, `duplicate-object`.
    """

    path: str
    line: int | None
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Unrendered:
    """A kustomization or chart whose output is not known, and why.

    `folder` is "" for the root of what was read; `tool` is `kustomize` or `helm`.
    """

    folder: str
    tool: str
    reason: str

    @property
    def sentence(self) -> str:
        """The reason with what it is about, as the files of the folder give it too."""
        return f"{self.tool} could not render {self.folder or 'the folder'}: {self.reason}"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The result of a reading.

    `files` fetches content when asked for it: a folder must still be there while its lines and
    texts are wanted. `documents` counts the documents read from files, empty ones left out. `whole` says
    that it is all of a repository, so what is not here does not exist. `sources` are the files that each
    kustomization and chart is made of, by its folder. `foreign` are the documents of files of YAML that hold
    no object for a cluster and nothing that could not be read: who wants them need not parse them again.
    """

    files: Mapping[str, bytes]
    manifests: tuple[Manifest, ...] = ()
    documents: int = 0
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[Problem, ...] = ()
    unrendered: tuple[Unrendered, ...] = field(default=())
    whole: bool = False
    sources: Mapping[str, Collection[str]] = field(default_factory=dict)
    foreign: Mapping[str, tuple[Document, ...]] = field(default_factory=dict)

    def exists(self, path: str) -> bool:
        return path in self.files

    def paths(self) -> Iterable[str]:
        return self.files.keys()

    def read_text(self, path: str) -> str | None:
        """The text of a file; None if it is absent, gone or not text."""
        try:
            data = self.files[path]
        except (KeyError, OSError):
            return None
        return decode(data)

    def documents_of(self, path: str) -> Iterable[Document | Broken]:
        """The documents of a file of YAML; none if it is absent, gone or not text."""
        known = self.foreign.get(path)
        return read_documents(self.read_text(path) or "", Limits()) if known is None else known

    def find(self, group: str, kind: str, namespace: str, name: str) -> Manifest | None:
        """The first object of that identity, or None."""
        found = self._by_identity.get((group, kind, namespace, name))
        return found[0] if found else None

    def of_kind(self, kind: str, group: str | None = None) -> tuple[Manifest, ...]:
        found = self._by_kind.get(kind, ())
        return tuple(found) if group is None else tuple(m for m in found if m.group == group)

    @cached_property
    def _by_identity(self) -> dict[Identity, list[Manifest]]:
        index: dict[Identity, list[Manifest]] = {}
        for manifest in self.manifests:
            index.setdefault(manifest.identity, []).append(manifest)
        return index

    @cached_property
    def _by_kind(self) -> dict[str, list[Manifest]]:
        index: dict[str, list[Manifest]] = {}
        for manifest in self.manifests:
            index.setdefault(manifest.kind, []).append(manifest)
        return index


def decode(data: bytes) -> str | None:
    """Text of UTF-8 or of UTF-16 with a byte order mark, as YAML allows; None for anything else."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
