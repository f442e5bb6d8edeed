"""Every objective that is declared in view, found by the service that it names or the folder it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.alert_scenarios.objectives import Objective, declared
from flagstone.scorecards.engine.alert_scenarios.slo_files import Declared
from flagstone.scorecards.engine.index import folder_of, folders_above


class DeclaredObjectives:
    """Declared objectives, in the order in which they are given."""

    def __init__(self, found: Iterable[Declared]) -> None:
        self._all = tuple(found)
        self._by_service: dict[str, list[int]] = {}
        self._by_object: dict[str, list[int]] = {}
        self._by_folder: dict[str, list[int]] = {}
        for number, one in enumerate(self._all):
            self._by_service.setdefault(one.service, []).append(number)
            if one.object is not None:
                self._by_object.setdefault(one.object, []).append(number)
            for folder in folders_above(one.folder):
                self._by_folder.setdefault(folder, []).append(number)

    def of(self, services: Iterable[str], folder: str, said: Iterable[str]) -> Iterator[Objective]:
        """Those of a service by any of its names, in or below its folder, or in objects that alerts name."""
        numbers = {number for name in services for number in self._by_service.get(name, ())}
        numbers.update(number for name in said for number in self._by_object.get(name, ()))
        numbers.update(self._by_folder.get(folder, ()) if folder else ())
        for number in sorted(numbers):
            yield self._all[number].objective


def declared_in_objects(manifests: Iterable[Manifest]) -> Iterator[Declared]:
    """What objects of Sloth and Pyrra declare; one of Pyrra says its service in a label of its alerts."""
    for manifest in manifests:
        service = manifest.spec.get("service") or manifest.labels.get("pyrra.dev/service")
        named = service if isinstance(service, str) else ""
        for objective in declared([manifest]):
            yield Declared(objective, named, folder_of(manifest), manifest.name)
