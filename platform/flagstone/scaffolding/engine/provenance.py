"""What made a service: enough to render the very same base again, years later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

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

    def as_json(self) -> dict[str, Any]:
        return {
            "scaffold": self.scaffold,
            "version": self.version,
            "answers": dict(self.answers),
            "layers": [
                {
                    "layer": layer.label,
                    "digest": layer.digest,
                    "target": layer.target,
                    "variables": dict(layer.variables),
                }
                for layer in self.layers
            ],
        }

    def as_file(self) -> bytes:
        """Return the record as the file that travels with the service."""
        head = "# Written by Flagstone when it made this service; upgrades merge from here. Do not edit.\n"
        document = {"apiVersion": "flagstone.dev/v1", "kind": "Provenance", **self.as_json()}
        return (head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True)).encode()
