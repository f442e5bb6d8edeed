"""Reading a folder, or a set of files, into a Snapshot."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import repeat
from pathlib import Path, PurePosixPath
from typing import Any

from flagstone.core.forking import in_shares
from flagstone.policies.manifests.charts import Charts
from flagstone.policies.manifests.documents import Document
from flagstone.policies.manifests.folder_files import FolderFiles, TooLargeError
from flagstone.policies.manifests.helm import render_chart
from flagstone.policies.manifests.kustomizations import (
    FILE_NAMES,
    Closure,
    Kustomizations,
    is_kustomization,
)
from flagstone.policies.manifests.kustomize import Kustomizer
from flagstone.policies.manifests.kustomize_batches import render_all
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import Identity, Manifest
from flagstone.policies.manifests.plain_files import SUFFIXES, FileReading, read_file
from flagstone.policies.manifests.rendering import NOT_ASKED, Rendered
from flagstone.policies.manifests.snapshot import Problem, Skipped, Snapshot, decode
from flagstone.policies.manifests.source_lines import SourceText

_TERRAFORM = (".tf", ".tf.json")
_WORTH_A_PROCESS = 250  # files: reading fewer is done before a process has sent its part


def read_folder(
    root: Path,
    *,
    render: bool = True,
    limits: Limits | None = None,
    processes: int = 1,
    instead: Mapping[str, bytes | None] | None = None,
) -> Snapshot:
    """Read every manifest below `root`, or the one file that `root` is.

    Args:
        root: the folder; it must stay where it is while lines and texts of the snapshot are wanted. One
            with a `.git` is taken for a whole repository.
        render: whether kustomizations and charts are rendered; if not, they are unrendered.
        limits: how much to accept.
        processes: how many may read at once.
        instead: what some files hold, whatever the disk says, as they were once; None where there was no file.

    Raises:
        NotFound: there is no such folder or file.
    """
    limits = limits or Limits()
    files = FolderFiles(root, limits, instead)
    reading = _Reading(files, limits, files.skipped, files.links, processes)
    return reading.snapshot(render=render, whole=(root / ".git").exists())


def read_files(
    files: Mapping[str, bytes],
    *,
    render: bool = True,
    limits: Limits | None = None,
    whole: bool = False,
) -> Snapshot:
    """Read manifests that are not (yet) on disk, such as those of a preview or of a git tree.

    Args:
        files: content by path.
        render: whether kustomizations and charts are rendered; if not, they are unrendered.
        limits: how much to accept.
        whole: whether these are all files of a repository.
    """
    limits = limits or Limits()
    good = {path: data for path, data in files.items() if _stays_inside(path)}
    skipped = [
        Skipped(path, "its path leads out of the folder") for path in files if path not in good
    ]
    if len(good) > limits.files:
        rest = sorted(good)[limits.files :]
        good = {path: good[path] for path in sorted(good)[: limits.files]}
        reason = f"more than {limits.files:,} files; from here on nothing was read"
        skipped.append(Skipped(rest[0], reason))
    return _Reading(good, limits, skipped).snapshot(render=render, whole=whole)


def _stays_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and parts[0] != "/" and ".." not in parts and "\0" not in path


class _Reading:
    """One reading, from the list of files to the snapshot."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        limits: Limits,
        skipped: list[Skipped],
        links: Collection[str] = (),
        processes: int = 1,
    ) -> None:
        self._files = files
        self._limits = limits
        self._skipped = skipped
        self._links = links
        self._processes = processes
        self._charts = Charts.among(files)
        self._chart_templates: list[str] = []
        self._read: dict[str, FileReading] = {}

    def snapshot(self, *, render: bool, whole: bool) -> Snapshot:
        self._read_all()
        rendered = self._render(asked=render)
        self._skipped.extend(
            Skipped(path, rendered.reasons[path])
            for path in self._chart_templates
            if path in rendered.reasons
        )
        manifests = [*self._plain(rendered), *rendered.manifests]
        problems = [problem for reading in self._read.values() for problem in reading.problems]
        return Snapshot(
            files=self._files,
            manifests=tuple(manifests),
            documents=sum(len(reading.documents) for reading in self._read.values()),
            skipped=tuple(self._skipped),
            problems=(*problems, *_duplicate_objects(manifests)),
            unrendered=tuple(rendered.unrendered),
            sources=rendered.sources,
            foreign=dict(self._foreign()),
            whole=whole,
        )

    def _foreign(self) -> Iterator[tuple[str, tuple[Document, ...]]]:
        for path, reading in self._read.items():
            holds_nothing_else = not (reading.manifests or reading.skipped)
            if reading.documents and holds_nothing_else and not path.endswith(".json"):
                yield path, tuple(reading.documents)

    def _read_all(self) -> None:
        paths = [path for path in self._files if self._may_hold_objects(path)]
        for path in (path for path in paths if path in self._links):
            reason = "a link to another file here, which is read at its own place"
            self._skipped.append(Skipped(path, reason))
        for path in (path for path in self._files if path.endswith(_TERRAFORM)):
            refused = self._content(path)  # it is parsed when a check asks for it
            if isinstance(refused, Skipped):
                self._skipped.append(refused)
        paths = [path for path in paths if path not in self._links]
        readings = in_shares(
            self._read_some, paths, processes=self._processes, least=_WORTH_A_PROCESS
        )
        for path, reading in zip(paths, readings, strict=True):
            if reading is None:
                self._chart_templates.append(path)
            else:
                reading.source.fetched_by(partial(_text, self._files, path))
                self._read[path] = reading
                self._skipped.extend(reading.skipped)

    def _may_hold_objects(self, path: str) -> bool:
        if path.endswith(_TERRAFORM):
            return False
        named = path.endswith(SUFFIXES) or path.rpartition("/")[2] in FILE_NAMES
        return named and not self._charts.is_definition(path)

    def _read_some(self, paths: list[str]) -> list[FileReading | None]:
        return [self._read_file(path) for path in paths]

    def _read_file(self, path: str) -> FileReading | None:
        """What a file holds; None of a chart's template, which has to be rendered first."""
        source = SourceText(partial(_text, self._files, path))
        data = self._content(path)
        if isinstance(data, Skipped):
            return FileReading(path, source, skipped=[data])
        if self._charts.is_template(path) and b"{{" in data:
            return None
        return read_file(path, data, source, self._limits)

    def _content(self, path: str) -> bytes | Skipped:
        too_large = f"larger than {self._limits.file_bytes / 2**20:g} MB"
        try:
            data = self._files[path]
        except TooLargeError:
            return Skipped(path, too_large)
        except OSError as error:
            return Skipped(path, f"cannot be opened: {error.strerror}")
        return Skipped(path, too_large) if len(data) > self._limits.file_bytes else data

    def _render(self, *, asked: bool) -> Rendered:
        rendered = Rendered()
        closures = self._kustomizations()
        kustomizer = Kustomizer(self._files, self._limits, self._source_of)
        outcomes = render_all(kustomizer, closures) if asked else repeat(NOT_ASKED, len(closures))
        for closure, outcome in zip(closures, outcomes, strict=True):
            rendered.add("kustomize", closure.folder, closure.files, outcome)
        for folder in self._charts.folders:
            chart = render_chart(folder, self._files, self._limits) if asked else NOT_ASKED
            members = [path for path in self._files if self._charts.folder_of(path) == folder]
            rendered.add("helm", folder, members, chart)
        return rendered

    def _kustomizations(self) -> list[Closure]:
        documents: dict[str, dict[str, Any] | None] = {}
        for path, reading in self._read.items():
            first = reading.documents[0].value if reading.documents else None
            if is_kustomization(path, first):
                documents[path] = first
            elif reading.skipped and path.rpartition("/")[2] in FILE_NAMES:
                documents[path] = None
        return Kustomizations(documents, self._files).renderings()

    def _source_of(self, path: str, rendered: Manifest) -> Manifest | None:
        """The object of the same kind and name; with a prefix or suffix, the only one that fits."""
        reading = self._read.get(path)
        same_kind = [m for m in reading.manifests if m.kind == rendered.kind] if reading else []
        same_name = [m for m in same_kind if m.name == rendered.name]
        fitting = same_name or [m for m in same_kind if m.name and m.name in rendered.name]
        return fitting[0] if same_name or len(fitting) == 1 else None

    def _plain(self, rendered: Rendered) -> Iterator[Manifest]:
        for path, reading in self._read.items():
            if path in rendered.consumed:
                continue
            reason = rendered.reasons.get(path)
            if reason is None and reading.template:
                reason = reading.skipped[0].reason
            for manifest in reading.manifests:
                yield replace(manifest, unrendered_reason=reason) if reason else manifest


def _text(files: Mapping[str, bytes], path: str) -> str | None:
    try:
        return decode(files[path])
    except (KeyError, OSError):
        return None


def _duplicate_objects(manifests: Iterable[Manifest]) -> Iterator[Problem]:
    """Objects given twice in one rendering; plain files are applied folder by folder."""
    first: dict[tuple[str, Identity], Manifest] = {}
    for manifest in manifests:
        if manifest.unrendered_reason is None and manifest.origin is None:
            folder = manifest.path.rpartition("/")[0]
            other = first.setdefault((folder, manifest.identity), manifest)
            if other is not manifest:
                message = (
                    f"{manifest.ref} stands in this folder twice, also in {other.path} on line "
                    f"{other.line()}; which one the cluster keeps depends on the order"
                )
                yield Problem(manifest.path, manifest.line(), "duplicate-object", message)
