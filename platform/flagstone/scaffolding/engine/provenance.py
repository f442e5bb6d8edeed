"""What made a service: enough to render the very same base again, years later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from flagstone.scaffolding.engine.trees import RenderedFile, RenderedTree

PATH = ".flagstone/provenance.yaml"


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One layer as it was used; `variables` are all its values, derived ones and dates included."""

    label: str
    digest: str
    target: str
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ProvenanceRecord:
    scaffold: str
    version: str
    answers: Mapping[str, Any]
    layers: tuple[LayerRecord, ...]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ProvenanceRecord:
        """Read what `as_json` wrote, or the file that travels with the service.

        Raises:
            KeyError, TypeError: It is something else.
        """
        return cls(
            scaffold=document["scaffold"],
            version=document["version"],
            answers=document["answers"],
            layers=tuple(
                LayerRecord(each["layer"], each["digest"], each["target"], each["variables"])
                for each in document["layers"]
            ),
        )

    def beside(self, service: RenderedTree) -> RenderedTree:
        """Return the service's tree with this record in it; a tree without files stays without."""
        if not service.files:
            return service
        return service.overlaid(RenderedTree({PATH: RenderedFile(self.as_file())}))

    def as_json(self) -> dict[str, Any]:
        return {
            "scaffold": self.scaffold,
            "version": self.version,
            "answers": _ordered(self.answers),
            "layers": [
                {
                    "layer": layer.label,
                    "digest": layer.digest,
                    "target": layer.target,
                    "variables": _ordered(layer.variables),
                }
                for layer in self.layers
            ],
        }

    def as_file(self) -> bytes:
        """Return the record as the file that travels with the service."""
        head = "# Written by Flagstone when it made this service; upgrades merge from here. Do not edit.\n"
        document = {"apiVersion": "flagstone.dev/v1", "kind": "Provenance", **self.as_json()}
        return (head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True)).encode()


def _ordered(value: Any) -> Any:
    """Order every mapping by its keys: a database may keep them in an order of its own."""
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value, key=str)}
    return [_ordered(each) for each in value] if isinstance(value, list | tuple) else value
