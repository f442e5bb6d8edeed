"""What made a service: enough to render the very same base again, years later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import yaml

from flagstone.scaffolding.engine.jobs import LayerKind, Occasion
from flagstone.scaffolding.engine.layers import Origin
from flagstone.scaffolding.engine.targets import PathWrong, recorded_path
from flagstone.scaffolding.engine.trees import RenderedFile, RenderedTree
from flagstone.scaffolding.engine.workspace import Edit, edit_from_json
from flagstone.scaffolding.errors import TemplateError

PATH = ".flagstone/provenance.yaml"


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One layer as it was used.

    Args:
        label: How people know it.
        digest: Names its version.
        target: The folder of the workspace that it was rendered into; '' is its root.
        variables: All its values, derived ones and dates included.
        kind: How its files were read.
        options: Of a skeleton.
        replace: Whether it was laid over what was there already.
        ran_code: Its hooks and extensions took part.
        origin: Where it came from when it is not one of Flagstone's own.
    """

    label: str
    digest: str
    target: str
    variables: Mapping[str, Any]
    kind: LayerKind = LayerKind.COOKIECUTTER
    options: Mapping[str, Any] = field(default_factory=dict)
    replace: bool = True
    ran_code: bool = False
    origin: Origin | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> LayerRecord:
        origin = document.get("origin")
        return cls(
            label=document["layer"],
            digest=document["digest"],
            target=recorded_path(document["target"]),
            variables=document["variables"],
            kind=LayerKind(document.get("kind", LayerKind.COOKIECUTTER)),
            options=document.get("options", {}),
            replace=document.get("replace", True),
            ran_code=document.get("ran_code", False),
            origin=Origin(**origin) if origin else None,
        )

    def as_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "layer": self.label,
            "digest": self.digest,
            "target": self.target,
            "variables": self.variables,
        }
        if self.kind is not LayerKind.COOKIECUTTER:
            document["kind"] = self.kind.value
        if self.options:
            document["options"] = self.options
        if not self.replace:
            document["replace"] = False
        if self.ran_code:
            document["ran_code"] = True
        if self.origin is not None:
            document["origin"] = asdict(self.origin)
        return document


@dataclass(frozen=True, slots=True)
class EditRecord:
    """What was done to the workspace after so many layers."""

    after: int
    edit: Edit


@dataclass(frozen=True, slots=True)
class ProvenanceRecord:
    """Everything that a rendering depends on.

    Args:
        scaffold: Its id.
        version: Its digest, short.
        answers: Complete, without secrets.
        layers: In the order in which they were laid.
        edits: In their order; with none, the folders `service` and `gitops` are what was published.
        occasion: The clock and the dice that the templates saw.
    """

    scaffold: str
    version: str
    answers: Mapping[str, Any]
    layers: tuple[LayerRecord, ...]
    edits: tuple[EditRecord, ...] = ()
    occasion: Occasion | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ProvenanceRecord:
        """Read what `as_json` wrote, or the file that travels with the service, where anybody may have edited it.

        Raises:
            TemplateError: It is something else, or leads where no template can lead.
        """
        try:
            return cls._read(document)
        except (KeyError, TypeError, ValueError, AttributeError, PathWrong) as error:
            reason = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            raise TemplateError(
                f"is not as Flagstone wrote it ({reason}); restore it from the first commit",
                file=PATH,
            ) from error

    @classmethod
    def _read(cls, document: Mapping[str, Any]) -> ProvenanceRecord:
        occasion = document.get("occasion")
        return cls(
            scaffold=document["scaffold"],
            version=document["version"],
            answers=document["answers"],
            layers=tuple(map(LayerRecord.from_json, document["layers"])),
            edits=tuple(
                EditRecord(int(each["after"]), edit_from_json(each))
                for each in document.get("edits", ())
            ),
            occasion=Occasion(**occasion) if occasion else None,
        )

    def beside(self, service: RenderedTree) -> RenderedTree:
        """Return the service's tree with this record in it; a tree without files stays without."""
        if not service.files:
            return service
        return service.overlaid(RenderedTree({PATH: RenderedFile(self.as_file())}))

    def as_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "scaffold": self.scaffold,
            "version": self.version,
            "answers": self.answers,
            "layers": [layer.as_json() for layer in self.layers],
        }
        if self.occasion is not None:
            document["occasion"] = asdict(self.occasion)
        if self.edits:
            document["edits"] = [
                {"after": record.after, **record.edit.as_json()} for record in self.edits
            ]
        return document

    def as_file(self) -> bytes:
        """Return the record as the file that travels with the service."""
        head = "# Written by Flagstone when it made this service; upgrades merge from here. Do not edit.\n"
        document = {"apiVersion": "flagstone.dev/v1", "kind": "Provenance", **self.as_json()}
        return (
            head + yaml.safe_dump(_plain(document), sort_keys=False, allow_unicode=True)
        ).encode()


def _plain(value: Any) -> Any:
    """Return mappings and lists as YAML writes them, in their order: templates go through them in it."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
