"""Rendering kustomizations with kubectl or kustomize.

Each is rendered from a copy of exactly the files it reads. kustomize is asked to note where every
object came from, so that a finding still names the source file and line.
"""

from __future__ import annotations

import json
import posixpath
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flagstone.policies.manifests.kustomizations import Closure
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.policies.manifests.tools import (
    ToolError,
    copy_files,
    kustomize_command,
    rendered_objects,
    run_tool,
)

SourceOf = Callable[[str, Manifest], Manifest | None]
"""Finds the object in a source file that a rendered object was made from."""

_ORIGIN = "config.kubernetes.io/origin"
_NOTE_ORIGIN = "originAnnotations"
_ORIGIN_PATH = re.compile(r"^(?:path|configuredIn): (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Kustomizer:
    """Renders kustomizations of `files`."""

    files: Mapping[str, bytes]
    limits: Limits
    source_of: SourceOf

    def render(self, closure: Closure) -> list[Manifest]:
        """Render one kustomization with all it builds on.

        Raises:
            ToolError: with the reason, in words.
        """
        command = kustomize_command()
        if closure.obstacle or command is None:
            raise ToolError(closure.obstacle or "neither kubectl nor kustomize is installed")
        top = closure.members[0]
        notes = sequence(top.data.get("buildMetadata"))
        keeps_origin = _NOTE_ORIGIN in notes
        with tempfile.TemporaryDirectory(prefix="flagstone-kustomize-") as place:
            copy = Path(place).resolve()
            copy_files(self.files, closure.files, copy)
            if not keeps_origin:
                data = {**top.data, "buildMetadata": [*notes, _NOTE_ORIGIN]}
                (copy / top.path).write_text(json.dumps(data), encoding="utf-8")
            output = run_tool([*command, str(copy / closure.folder)], copy, self.limits)
        return [
            self._placed(raw, closure, keeps_origin=keeps_origin)
            for _, raw in rendered_objects(output, self.limits)
        ]

    def _placed(self, raw: dict[str, Any], closure: Closure, *, keeps_origin: bool) -> Manifest:
        """The object with the path and line of its source; of the kustomization if it has none."""
        note = mapping(dig(raw, "metadata", "annotations")).get(_ORIGIN)
        if not keeps_origin:
            _drop_origin(raw)
        path = _origin_path(note, closure.folder)
        if path is None or path not in self.files:
            return Manifest(raw, closure.members[0].path, origin=closure.folder)
        rendered = Manifest(raw, path, origin=closure.folder)
        source = self.source_of(path, rendered)
        if source is None:
            return rendered
        return Manifest(raw, path, source.document, closure.folder, place=source.place)


def _drop_origin(raw: dict[str, Any]) -> None:
    metadata = mapping(raw.get("metadata"))
    annotations = mapping(metadata.get("annotations"))
    annotations.pop(_ORIGIN, None)
    if not annotations:
        metadata.pop("annotations", None)


def _origin_path(note: object, folder: str) -> str | None:
    """The source path in kustomize's note, which is relative to the kustomization."""
    found = _ORIGIN_PATH.search(note) if isinstance(note, str) else None
    return posixpath.normpath(posixpath.join(folder, found[1].strip())) if found else None
