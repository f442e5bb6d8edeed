"""What a repository's files tell: where its catalogue files are, and whether it says what runs. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from flagstone.catalog.engine.placeholders import Unresolved
from flagstone.catalog.engine.targets import is_pattern, matching
from flagstone.catalog.engine.walking import Walk, walk

CATALOG_FILES = frozenset({"catalog-info.yaml", "catalog-info.yml"})
_GITOPS_FILES = frozenset(
    {
        "kustomization.yaml", "kustomization.yml", "application.yaml", "applicationset.yaml",
        "appproject.yaml", "rollout.yaml",
    }
)  # fmt: skip
# names that say it already are looked into first
_TELLING = ("deployment", "rollout", "statefulset", "daemonset", "cronjob", "release", "app")
_RUNS = re.compile(
    rb"^kind:[ \t]*[\"']?(?:Deployment|StatefulSet|DaemonSet|CronJob|Rollout|Kustomization|HelmRelease"
    rb"|Application|ApplicationSet|AppProject)\b",
    re.MULTILINE,
)
_MOST_SAMPLES = 40
_MANIFESTS = (".yaml", ".yml", ".json")
# a service's own repository may keep some manifests beside its code; one that says what runs has little else
_MOSTLY = 0.6
_WORDS = (".md", ".txt", "CODEOWNERS", ".gitignore", ".gitattributes", "LICENSE")


@dataclass(frozen=True, slots=True)
class FoundInFiles:
    """What a repository holds.

    Attributes:
        locations: Paths and patterns that lead to every catalogue file which nothing registered leads to.
        catalog_files: How many there are.
        gitops_folders: Folders whose files say what runs, the shallowest first.
        role: `gitops`, `catalog` or `service`.
        faults: Why catalogue files bring nothing as they are, a sentence each.
    """

    locations: tuple[str, ...]
    catalog_files: int
    gitops_folders: tuple[str, ...]
    role: str
    faults: tuple[str, ...] = ()


def catalog_files_of(paths: Iterable[str]) -> list[str]:
    """Return the catalogue files among paths.

    Those are left out whose names no column and no terminal takes, or are patterns: registered, such a name would
    mean other files.
    """
    return [
        path
        for path in paths
        if PurePosixPath(path).name in CATALOG_FILES and path.isprintable() and not is_pattern(path)
    ]


def samples_of(paths: Iterable[str]) -> list[str]:
    """Return some YAML files that may say what runs: one of a folder, few enough to be fetched.

    A folder of a code host's own, such as `.github`, says nothing of it.
    """
    best: dict[str, tuple[bool, str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        is_yaml = name.endswith((".yaml", ".yml")) and path.isprintable()
        if not is_yaml or path.startswith(".") or name in CATALOG_FILES:
            continue
        rank = (not name.lower().startswith(_TELLING), path)
        best[folder] = min(best.get(folder, rank), rank)
    chosen = sorted(best.items(), key=lambda each: (each[1][0], each[0].count("/"), each[0]))
    return [path for _, (_, path) in chosen[:_MOST_SAMPLES]]


def look_through(
    paths: Collection[str],
    contents: Mapping[str, bytes] | None = None,
    *,
    registered: Iterable[str] = (),
) -> FoundInFiles:
    """Tell what a repository holds.

    Args:
        paths: Of all its files.
        contents: Of the catalogue files, as far as they are known: a Location in one leads to others. Of others,
            see `samples_of`: a manifest of something that runs makes its folder one that says what runs.
        registered: Paths and patterns of the locations that are registered already.
    """
    files = [PurePosixPath(path) for path in paths if path.isprintable()]
    catalog = catalog_files_of(paths)
    folders = {str(file.parent) for file in files if file.name.lower() in _GITOPS_FILES}
    folders |= {
        str(PurePosixPath(path).parent)
        for path, content in (contents or {}).items()
        if PurePosixPath(path).name not in CATALOG_FILES and _RUNS.search(content)
    }
    gitops = tuple(sorted(folders, key=lambda folder: (folder.count("/"), folder)))
    walks = _walks(paths, contents or {})
    links = {path: set(found.unreadable) - {path} for path, found in walks.items()}
    return FoundInFiles(
        locations=_locations(catalog, links, registered),
        catalog_files=len(catalog),
        gitops_folders=gitops,
        role=_role(files, catalog, gitops),
        faults=tuple(filter(None, (_fault_of(path, found) for path, found in walks.items()))),
    )


@dataclass(frozen=True, slots=True)
class _OneFile:
    """The repository as a walk sees it that reads one file, and goes nowhere from there."""

    all_paths: frozenset[str]
    path: str
    content: bytes

    def has(self, path: str) -> bool:
        return path in self.all_paths

    def read(self, path: str) -> bytes:
        if path != self.path:
            raise Unresolved("it has its own turn.")
        return self.content

    def paths(self, folder: str) -> Iterable[str]:
        return ()


def _walks(paths: Iterable[str], contents: Mapping[str, bytes]) -> dict[str, Walk]:
    """Return what each file holds and names; each is read once, however many lead to it."""
    known = frozenset(paths)
    return {
        path: walk(_OneFile(known, path, content), path)
        for path, content in contents.items()
        if path in known and PurePosixPath(path).name in CATALOG_FILES
    }


def _fault_of(path: str, found: Walk) -> str:
    """Return why nothing in a file can be taken; "" where something can."""
    if not found.documents or any(document.accepted for document in found.documents):
        return ""
    problem = next(problem for document in found.documents for problem in document.problems)
    line = f", line {problem.line}" if problem.line else ""
    return f"{path}{line}: {problem.message}"


def _role(files: Sequence[PurePosixPath], catalog: Sequence[str], gitops: Sequence[str]) -> str:
    counted = [file for file in files if not file.name.endswith(_WORDS)]
    manifests = [file for file in counted if file.name.lower().endswith(_MANIFESTS)]
    is_mostly_manifests = bool(counted) and len(manifests) >= _MOSTLY * len(counted)
    if gitops and is_mostly_manifests:
        return "gitops"
    return "catalog" if len(catalog) > 1 and is_mostly_manifests else "service"


def _locations(
    catalog: Sequence[str], links: Mapping[str, set[str]], registered: Iterable[str]
) -> tuple[str, ...]:
    """Return what to register: a file that another one leads to would be read twice, and its names contested."""
    covered: set[str] = set()
    for entry in registered:
        _cover(covered, matching(entry, catalog) if is_pattern(entry) else [entry], links)
    led_to = {other for path in catalog for other in links.get(path, ())}
    entries: list[str] = []
    for path in sorted(catalog, key=lambda each: (each in led_to, each.count("/"), each)):
        if path not in covered:
            entries.append(path)
            _cover(covered, [path], links)
    return tuple(sorted(_with_patterns(entries, catalog), key=lambda path: (path.count("/"), path)))


def _cover(covered: set[str], entries: Iterable[str], links: Mapping[str, set[str]]) -> None:
    """Add the files that are read from some on; what is covered already was followed then."""
    waiting = list(entries)
    while waiting:
        path = waiting.pop()
        if path not in covered:
            covered.add(path)
            waiting += links.get(path, ())


def _with_patterns(entries: Sequence[str], catalog: Sequence[str]) -> list[str]:
    """Put one pattern in the place of files in folders side by side, so that a new one is found as well."""
    in_all = Counter(map(_pattern_around, catalog))
    beside: dict[str, list[str]] = defaultdict(list)
    for path in entries:
        beside[_pattern_around(path)].append(path)
    found: list[str] = []
    for pattern, paths in beside.items():
        is_whole = len(paths) > 1 and len(paths) == in_all[pattern]
        found += [pattern] if is_whole else paths
    return found


def _pattern_around(path: str) -> str:
    """Return the pattern of a file and those of its name in the folders beside its own; of one in the root, itself."""
    file = PurePosixPath(path)
    return str(file.parent.parent / "*" / file.name) if "/" in path else path
