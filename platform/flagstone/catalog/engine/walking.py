"""Reads the files of one source, and follows the Locations in them, each file once."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from flagstone.catalog.engine.composing import Limits
from flagstone.catalog.engine.entities import ReadDocument
from flagstone.catalog.engine.faults import Level, Problem
from flagstone.catalog.engine.placeholders import Unresolved
from flagstone.catalog.engine.reading import MAX_PROBLEMS, read_file
from flagstone.catalog.engine.targets import (
    Refused,
    fixed_folder,
    is_known_type,
    is_pattern,
    is_url,
    lead,
    matching,
    targets_of,
)

MAX_FILES = 20_000


class Source(Protocol):
    """Files below one root: a repository at one commit, or a folder."""

    def has(self, path: str) -> bool:
        """Tell whether there is such a file."""
        ...

    def read(self, path: str) -> bytes:
        """Return the content of a file that is there.

        Raises:
            Unresolved: if it cannot be read.
        """
        ...

    def paths(self, folder: str) -> Iterable[str]:
        """List the files below a folder ("" for the root), for patterns."""
        ...


class Fetcher(Protocol):
    """Reads addresses of allowed hosts."""

    @property
    def allowed_hosts(self) -> Collection[str]: ...

    def fetch(self, url: str) -> bytes | None:
        """Return what an address gives, None if there is nothing.

        Raises:
            Unresolved: if it cannot be read now.
        """
        ...


@dataclass(frozen=True, slots=True)
class KnownLocation:
    """A Location entity as it was last good: its targets are followed while its file waits to be mended."""

    ref: str
    path: str
    spec: Mapping[str, Any]


@dataclass(slots=True)
class Walk:
    """What a walk found.

    Attributes:
        documents: in the order read.
        problems: those that belong to no document.
        unreadable: why a file that is known to be there could not be read now, by its path.
        complete: whether nothing was left out for being too much.
    """

    documents: list[ReadDocument] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unreadable: dict[str, Problem] = field(default_factory=dict)
    complete: bool = True


def walk(
    source: Source,
    entry: str,
    *,
    fetcher: Fetcher | None = None,
    last_good: Iterable[KnownLocation] = (),
    limits: Limits | None = None,
) -> Walk:
    """Read the entry file, or all files that an entry pattern matches, and what their Locations name."""
    walker = _Walker(source, fetcher, limits or Limits())
    for known in last_good:
        walker.last_good.setdefault(known.path, []).append(known)
    return walker.run(entry)


class _Walker:
    def __init__(self, source: Source, fetcher: Fetcher | None, limits: Limits) -> None:
        self._source = source
        self._fetcher = fetcher
        self._allowed_hosts = fetcher.allowed_hosts if fetcher else ()
        self._limits = limits
        self._queue: deque[str] = deque()
        self._seen: set[str] = set()
        self._fetched: dict[str, bytes] = {}
        self._walk = Walk()
        self.last_good: dict[str, list[KnownLocation]] = {}

    def run(self, entry: str) -> Walk:
        paths = self._matching(entry) if is_pattern(entry) else [entry]
        if not paths:
            self._tell(Level.WARNING, "catalog.nothing_found", f"No file matches {entry}.", entry)
        for path in paths:
            if not self._enqueue(path):
                self._tell(Level.ERROR, "catalog.file_missing", f"There is no file {path}.", path)
        while self._queue:
            self._visit(self._queue.popleft())
        return self._walk

    def _matching(self, pattern: str) -> list[str]:
        return matching(pattern, self._source.paths(fixed_folder(pattern)))

    def _visit(self, path: str) -> None:
        try:
            data = self._content(path)
        except Unresolved as reason:
            message = f"{path} cannot be read: {reason}"
            self._tell(Level.ERROR, "catalog.file_unreadable", message, path)
            self._keep(path, self._walk.problems[-1])
            return
        documents = read_file(
            path,
            data,
            resolve=_Placeholders(self, path, self._limits.max_bytes),
            limits=self._limits,
        )
        self._walk.documents += [self._follow(read) for read in documents]
        if not all(read.accepted for read in documents):
            self._follow_last_good(path, documents)

    def _follow(self, read: ReadDocument) -> ReadDocument:
        if not read.accepted or read.kind != "Location":
            return read
        ref = read.ref.canonical if read.ref else ""
        problems = []
        for target in targets_of(read.spec):
            found = self._fault(read.path, target, read.spec)
            if found:
                level, code, message = found
                line = read.line_of(_keys_of(read.spec, target))
                problems.append(Problem(level, code, message, read.path, line, ref=ref))
        return replace(read, problems=(*read.problems, *problems[:MAX_PROBLEMS]))

    def _fault(
        self, base: str, target: str, spec: Mapping[str, Any]
    ) -> tuple[Level, str, str] | None:
        """Queue what a target names, or return why not: level, code, message."""
        if not is_known_type(spec):
            why = f"a Location of the type {spec['type']} is not read here"
            return Level.WARNING, "catalog.location_type_unknown", f"{target} is not read: {why}."
        try:
            if self._enqueue(lead(base, target, self._allowed_hosts)):
                return None
        except Refused as reason:
            return Level.WARNING, "catalog.target_refused", f"{target} is not read: {reason}"
        except Unresolved as reason:
            message = f"{target} cannot be read: {reason}"
            place = lead(base, target, self._allowed_hosts)
            self._keep(place, Problem(Level.ERROR, "catalog.file_unreadable", message, place))
            return Level.ERROR, "catalog.file_unreadable", message
        if spec.get("presence") == "optional":
            return None
        hint = " Patterns are not read here; name each file." if is_pattern(target) else ""
        return Level.ERROR, "catalog.file_missing", f"There is no file {target}.{hint}"

    def _keep(self, path: str, problem: Problem) -> None:
        """Note that a file cannot be read now: what it said last holds."""
        self._walk.unreadable[path] = problem
        self._seen.add(path)
        self._follow_last_good(path, [])

    def _follow_last_good(self, path: str, documents: Collection[ReadDocument]) -> None:
        alive = {read.ref.canonical for read in documents if read.accepted and read.ref}
        for known in self.last_good.get(path, ()):
            if known.ref not in alive:
                for target in targets_of(known.spec):
                    self._fault(path, target, known.spec)

    def _enqueue(self, place: str) -> bool:
        """Queue a file unless it was queued before; False if there is none."""
        if place in self._seen:
            return True
        if not self._exists(place):
            return False
        self._seen.add(place)
        if len(self._seen) <= MAX_FILES:
            self._queue.append(place)
        elif self._walk.complete:
            self._walk.complete = False
            message = (
                f"More than {MAX_FILES:,} files; the rest is not read. Register parts of it apart."
            )
            self._tell(Level.ERROR, "catalog.too_many_files", message, place)
        return True

    def _exists(self, place: str) -> bool:
        if not is_url(place):
            return self._source.has(place)
        if place not in self._fetched:
            data = self._fetcher.fetch(place) if self._fetcher else None
            if data is None:
                return False
            self._fetched[place] = data
        return True

    def _content(self, place: str) -> bytes:
        return self._fetched[place] if is_url(place) else self._source.read(place)

    def content_for(self, base: str, where: str) -> bytes:
        """Return what a placeholder in the file `base` names."""
        place = lead(base, where, self._allowed_hosts)
        if not self._exists(place):
            raise Unresolved("there is no such file.")
        return self._content(place)

    def _tell(self, level: Level, code: str, message: str, path: str) -> None:
        self._walk.problems.append(Problem(level, code, message, path))


class _Placeholders:
    """Fills in the placeholders of one file, all of them together no more than a file may have."""

    def __init__(self, walker: _Walker, base: str, budget: int) -> None:
        self._walker = walker
        self._base = base
        self._budget = budget

    def __call__(self, where: str) -> bytes:
        data = self._walker.content_for(self._base, where)
        self._budget -= len(data)
        if self._budget < 0:
            raise Unresolved("with it, the file and what it names grow too large.")
        return data


def _keys_of(spec: Mapping[str, Any], target: str) -> tuple[str | int, ...]:
    if spec.get("target") == target:
        return ("spec", "target")
    return ("spec", "targets", spec["targets"].index(target))
