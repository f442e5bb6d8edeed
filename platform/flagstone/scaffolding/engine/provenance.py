"""What made a service: enough to render the very same base again, years later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import yaml

from flagstone.scaffolding.engine.layers import Origin
from flagstone.scaffolding.engine.trees import RenderedFile, RenderedTree

PATH = ".flagstone/provenance.yaml"


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One layer as it was used.

    Args:
        label: How people know it.
        digest: Names its version.
        target: The tree that it was rendered into.
        variables: All its values, derived ones and dates included.
        ran_code: Its hooks and extensions took part.
        origin: Where it came from when it is not one of Flagstone's own.
    """

    label: str
    digest: str
    target: str
    variables: Mapping[str, Any]
    ran_code: bool = False
    origin: Origin | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> LayerRecord:
        origin = document.get("origin")
        return cls(
            label=document["layer"],
            digest=document["digest"],
            target=document["target"],
            variables=document["variables"],
            ran_code=document.get("ran_code", False),
            origin=Origin(**origin) if origin else None,
        )

    def as_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "layer": self.label,
            "digest": self.digest,
            "target": self.target,
            "variables": _ordered(self.variables),
        }
        if self.ran_code:
            document["ran_code"] = True
        if self.origin is not None:
            document["origin"] = asdict(self.origin)
        return document


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
            layers=tuple(map(LayerRecord.from_json, document["layers"])),
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
            "layers": [layer.as_json() for layer in self.layers],
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
