"""Flags as flagd reads them: from FeatureFlag objects, and from its own JSON and YAML files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping
from flagstone.policies.manifests.source_lines import Keys
from flagstone.scorecards.engine.outcome import Fault
from flagstone.scorecards.engine.yaml_files import YamlFile, text_of

GROUP = "core.openfeature.dev"
_IN_OBJECT: Keys = ("spec", "flagSpec")


@dataclass(frozen=True, slots=True, eq=False)
class FlagSet:
    """What declares flags: an object, or a file.

    Attributes:
        holder: it.
        keys: the way to what flagd reads in it.
        value: what flagd reads.
    """

    holder: Manifest | YamlFile
    keys: Keys
    value: Mapping[str, Any]

    @property
    def is_object(self) -> bool:
        return isinstance(self.holder, Manifest)

    @property
    def path(self) -> str:
        return self.holder.path

    def fault(self, message: str, *keys: str | int) -> Fault:
        if isinstance(self.holder, Manifest):
            return Fault(message, self.holder, (*self.keys, *keys))
        return self.holder.fault(message, *self.keys, *keys)

    @property
    def flags(self) -> Iterator[Flag]:
        for key, raw in mapping(self.value.get("flags")).items():
            yield Flag(self, key, mapping(raw))


@dataclass(frozen=True, slots=True, eq=False)
class Flag:
    """One flag of a set."""

    owner: FlagSet
    key: str
    raw: Mapping[str, Any]

    @property
    def variants(self) -> dict[str, Any]:
        return mapping(self.raw.get("variants"))

    @property
    def metadata(self) -> dict[str, Any]:
        """Its own metadata, over that of its set."""
        return {**mapping(self.owner.value.get("metadata")), **mapping(self.raw.get("metadata"))}

    @property
    def kind(self) -> str:
        """`metadata.kind` in small letters, its words joined by `-`; "" if there is none."""
        return (
            text_of(self.metadata.get("kind")).strip().lower().replace("_", "-").replace(" ", "-")
        )

    @property
    def is_kill_switch(self) -> bool:
        return self.kind in {"kill-switch", "killswitch"}

    def fault(self, message: str, *keys: str | int) -> Fault:
        return self.owner.fault(f"{self.key}: {message}", "flags", self.key, *keys)


def of_object(manifest: Manifest) -> FlagSet:
    return FlagSet(manifest, _IN_OBJECT, mapping(dig(manifest.raw, *_IN_OBJECT)))


def of_file(file: YamlFile) -> FlagSet:
    return FlagSet(file, (), file.value)
