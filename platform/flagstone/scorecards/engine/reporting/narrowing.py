"""Of a report on everything, the services that a change touches."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.index import folders_above
from flagstone.scorecards.engine.reporting.report import Report, Scope, ServiceReport

# What no service owns and every service of its namespace lives by.
_SHARED = (
    ("", "Namespace"),
    ("", "LimitRange"),
    ("argoproj.io", "AnalysisTemplate"),
    ("argoproj.io", "ClusterAnalysisTemplate"),
    ("networking.istio.io", "Sidecar"),
    ("security.istio.io", "PeerAuthentication"),
)
_TELLING = (".yaml", ".yml", ".json", ".tf", ".md")


def narrow(report: Report, snapshot: Snapshot, changed: Collection[str], revision: str) -> Report:
    """Return the report with only the services that some changed file has to do with.

    Args:
        report: on the whole folder, so that what stands in other files was seen.
        snapshot: what it was made from.
        changed: paths as in the snapshot; of files that are gone too.
        revision: since when, for the reader.
    """
    touched = _Touched(report.services, snapshot, changed)
    services = tuple(service for service in report.services if touched.has(service))
    return replace(
        report,
        services=services,
        skipped=tuple(skipped for skipped in report.skipped if skipped.path in touched.changed),
        waivers=tuple(waiver for waiver in report.waivers if waiver.path in touched.changed),
        scope=Scope(revision, len(touched.changed), len(report.services) - len(services)),
    )


class _Touched:
    def __init__(
        self, services: Iterable[ServiceReport], snapshot: Snapshot, changed: Collection[str]
    ) -> None:
        # a changed submodule is told as the folder that it stands in
        folders = {path for path in changed if not snapshot.exists(path)}
        inner = (
            path for path in snapshot.paths() if folders and folders & {*folders_above(path)[1:]}
        )
        self.changed = frozenset(changed).union(inner)
        self._services = list(services)
        self._origins = {
            folder
            for folder, files in snapshot.sources.items()
            if not self.changed.isdisjoint(files)
        }
        self._namespaces = {
            manifest.name if manifest.kind == "Namespace" else manifest.namespace
            for group, kind in _SHARED
            for manifest in snapshot.of_kind(kind, group)
            if manifest.path in self.changed or manifest.origin in self._origins
        } - {""}
        self._folders = self._component_folders()
        self._gone = self._heirs(snapshot)

    def has(self, service: ServiceReport) -> bool:
        sources = service.sources
        return (
            not self.changed.isdisjoint(sources.paths)
            or not self._origins.isdisjoint(sources.origins)
            or not self._namespaces.isdisjoint(sources.namespaces)
            or sources.folder in self._folders
            or service.ref in self._gone
            or any(f.path in self.changed for check in service.checks for f in check.findings)
        )

    def _component_folders(self) -> set[str]:
        """The innermost folder with a catalogue entity around each changed file."""
        folders = (own.sources.folder for own in self._services)
        known = {folder for folder in folders if folder is not None}
        found = set()
        for path in self.changed:
            around = folders_above(path.rpartition("/")[0])
            found |= set([outer for outer in around if outer in known][:1])
        return found

    def _heirs(self, snapshot: Snapshot) -> set[str]:
        """The services around files that are gone: whose objects those held is not known any more."""
        gone = [
            path.rpartition("/")[0]
            for path in self.changed
            if path.endswith(_TELLING) and not snapshot.exists(path)
        ]
        if not gone:
            return set()
        directly: dict[str, set[str]] = {}
        below: dict[str, set[str]] = {}
        for service in self._services:
            for folder in {path.rpartition("/")[0] for path in service.sources.paths}:
                directly.setdefault(folder, set()).add(service.ref)
                for outer in folders_above(folder):
                    below.setdefault(outer, set()).add(service.ref)
        heirs: set[str] = set()
        for folder in set(gone):
            around = (directly.get(outer) for outer in folders_above(folder)[1:])
            heirs |= below.get(folder) or next(filter(None, around), set())
        return heirs
