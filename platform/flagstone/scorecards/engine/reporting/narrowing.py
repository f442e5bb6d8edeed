"""Of a report on everything, the services that a change touches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from flagstone.policies.manifests.objects import Manifest, dig
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.index import folders_above
from flagstone.scorecards.engine.reporting.differing import differing
from flagstone.scorecards.engine.reporting.report import Report, Scope, ServiceReport, Sources

# What no service owns and every service of its namespace lives by; in the root of the mesh, every service.
_SHARED = (
    ("", "Namespace"),
    ("", "LimitRange"),
    ("networking.istio.io", "Sidecar"),
    ("security.istio.io", "PeerAuthentication"),
)
_ROOT_NAMESPACE = "istio-system"
_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")


@dataclass(frozen=True, slots=True)
class Change:
    """What changed.

    Attributes:
        revision: since when, for the reader.
        files: paths as in the snapshot; of files that are gone too.
        before: what was read before the change; None if nothing that was there is another now.
        services: those that it held, as they were judged, with their sources.
        yardstick: a changed file by which every service is judged; "" if none changed.
    """

    revision: str
    files: Collection[str]
    before: Snapshot | None = None
    services: tuple[ServiceReport, ...] = ()
    yardstick: str = ""


def narrow(report: Report, snapshot: Snapshot, change: Change) -> Report:
    """Return the report with only the services that the change has to do with.

    These are the services that some changed file belongs to, those that live by one, and those that
    are judged otherwise than before, whatever the way.

    Args:
        report: on the whole folder, so that what stands in other files was seen; with its sources.
        snapshot: what it was made from.
        change: what changed.
    """
    touched = _Touched(report.services, snapshot, change)
    services = tuple(filter(None, map(touched.shown, report.services)))
    return replace(
        report,
        services=services,
        skipped=tuple(skipped for skipped in report.skipped if skipped.path in touched.changed),
        waivers=tuple(waiver for waiver in report.waivers if waiver.path in touched.changed),
        scope=Scope(
            change.revision,
            len(touched.changed),
            len(report.services) - len(services),
            tuple(sorted(_gone(report.services, change.services))),
        ),
    )


def _gone(now: Iterable[ServiceReport], then: Iterable[ServiceReport]) -> Iterator[str]:
    """The services that are there no more; one that moved keeps its ref, or its files and its name."""
    refs: set[str] = set()
    files: set[tuple[str, str]] = set()
    for service in now:
        refs.add(service.ref)
        files.update((service.name, path) for path in service.sources.paths)
    for past in then:
        still = past.ref in refs or any((past.name, path) in files for path in past.sources.paths)
        if not still:
            yield past.ref


class _Touched:
    def __init__(
        self, services: Iterable[ServiceReport], snapshot: Snapshot, change: Change
    ) -> None:
        # a changed submodule is told as the folder that it stands in
        folders = {path for path in change.files if not snapshot.exists(path)}
        inner = (
            path for path in snapshot.paths() if folders and folders & {*folders_above(path)[1:]}
        )
        self.changed = frozenset(change.files).union(inner)
        self._yardstick = change.yardstick
        self._judged_before = change.before is not None
        self._past = {past.ref: past for past in change.services}
        both = [*services, *change.services]
        self._folders = self._component_folders(service.sources for service in both)
        self._above = {folder for path in self.changed for folder in folders_above(path)[1:]}
        self._origins: set[str] = set()
        self._namespaces: dict[str, str] = {}
        self._files_of_kinds: dict[str, str] = {}
        self._for_all = ""
        for one in filter(None, (snapshot, change.before)):
            self._note(one)

    def _note(self, snapshot: Snapshot) -> None:
        """What changed in the surroundings of services, as they are or as they were."""
        origins = {
            folder
            for folder, files in snapshot.sources.items()
            if not self.changed.isdisjoint(files)
        }
        self._origins |= origins
        for group, kind in _SHARED:
            for manifest in self._changed_of(snapshot, group, kind, origins):
                place = manifest.name if kind == "Namespace" else manifest.namespace
                if place == _ROOT_NAMESPACE and group.endswith("istio.io"):
                    self._for_all = self._for_all or manifest.path
                elif place:
                    self._namespaces.setdefault(place, manifest.path)
        defined = {
            (dig(m.spec, "group"), dig(m.spec, "names", "kind")): m.path
            for m in self._changed_of(snapshot, *_DEFINITION, origins)
        }
        if defined:
            for manifest in snapshot.manifests:
                if (manifest.group, manifest.kind) in defined:
                    path = defined[manifest.group, manifest.kind]
                    self._files_of_kinds.setdefault(manifest.path, path)

    def _changed_of(
        self, snapshot: Snapshot, group: str, kind: str, origins: Collection[str]
    ) -> Iterator[Manifest]:
        for manifest in snapshot.of_kind(kind, group):
            if manifest.path in self.changed or manifest.origin in origins:
                yield manifest

    def shown(self, service: ServiceReport) -> ServiceReport | None:
        """The service with why it is shown; None if the change does not touch it."""
        file = self._file(service)
        if file is not None:
            return replace(service, shown_because=file)
        if self._judged_before:
            found = differing(service, self._past.get(service.ref))
            if found:
                return replace(service, verdicts_differ=found)
        return None

    def _file(self, service: ServiceReport) -> str | None:
        """None: no file. "": a file of its own changed. Else the changed file that it lives by."""
        both = [service.sources]
        if service.ref in self._past:
            both.append(self._past[service.ref].sources)
        if any(map(self._has, both)):
            return ""
        reasons = (self._neighbour(sources) for sources in both)
        found = next(filter(None, reasons), "") or self._yardstick or self._for_all
        findings = (finding for check in service.checks for finding in check.findings)
        at_fault = (finding.path for finding in findings if finding.path in self.changed)
        return found or next(at_fault, None)

    def _has(self, sources: Sources) -> bool:
        return (
            not self.changed.isdisjoint(sources.paths)
            or not self._origins.isdisjoint(sources.origins)
            or not self._above.isdisjoint(sources.trees)
            or sources.folder in self._folders
        )

    def _neighbour(self, sources: Sources) -> str:
        return (
            min(self.changed & sources.shared, default="")
            or _first(sources.namespaces, self._namespaces)
            or _first(sources.paths, self._files_of_kinds)
        )

    def _component_folders(self, sources: Iterable[Sources]) -> set[str]:
        """The innermost folder with a catalogue entity around each changed file."""
        known = {one.folder for one in sources if one.folder is not None}
        found = set()
        for path in self.changed:
            around = folders_above(path.rpartition("/")[0])
            found |= set([outer for outer in around if outer in known][:1])
        return found


def _first(keys: Collection[str], paths: Mapping[str, str]) -> str:
    """The first path of some key; "" if none has one."""
    return min((paths[key] for key in keys if key in paths), default="") if paths else ""
