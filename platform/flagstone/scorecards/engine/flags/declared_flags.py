"""The feature flags that one snapshot declares, in objects and in files; each file is read once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.flags import flag_sets
from flagstone.scorecards.engine.flags.flag_sets import FlagSet
from flagstone.scorecards.engine.yaml_files import read_yaml


class DeclaredFlags:
    """All of them."""

    def __init__(
        self, snapshot: Snapshot, objects: Iterable[Manifest], paths: Iterable[str]
    ) -> None:
        """Take the FeatureFlag objects, and the paths of the files for flagd."""
        self._snapshot = snapshot
        self._objects = tuple(objects)
        self._paths = tuple(paths)
        self._files: dict[str, FlagSet] = {}

    def in_file(self, path: str) -> FlagSet:
        if path not in self._files:
            self._files[path] = flag_sets.of_file(read_yaml(self._snapshot, path))
        return self._files[path]

    @cached_property
    def keys(self) -> frozenset[str]:
        """The key of every flag that is declared anywhere in view."""
        owners = [*map(flag_sets.of_object, self._objects), *map(self.in_file, self._paths)]
        return frozenset(flag.key for owner in owners for flag in owner.flags)
