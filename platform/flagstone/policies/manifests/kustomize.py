"""Rendering kustomizations with kubectl or kustomize.

Each is rendered from a copy of exactly the files it reads. kustomize is asked to note where every
object came from, so that a finding still names the source file and line.
"""

from __future__ import annotations

import json
import posixpath
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
_TOGETHER = ".flagstone-together"  # a folder of the copy, beside the folders that are rendered
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
        if closure.obstacle:
            raise ToolError(closure.obstacle)
        top = closure.members[0]
        notes = sequence(top.data.get("buildMetadata"))
        noted = {**top.data, "buildMetadata": [*notes, _NOTE_ORIGIN]}
        keeps_origin = _NOTE_ORIGIN in notes
        extra = {} if keeps_origin else {top.path: noted}
        return [
            self._placed(raw, closure, origin, keeps_origin=keeps_origin)
            for raw, origin in self._run(closure.files, extra, closure.folder)
        ]

    def render_together(self, closures: Sequence[Closure]) -> list[list[Manifest]]:
        """Render several kustomizations that share no file by one run of the tool.

        Starting the tool costs more than most renderings. The objects are told apart by their origin.

        Raises:
            ToolError: not all of them can be rendered, or not together.
        """
        owners = {file: place for place, closure in enumerate(closures) for file in closure.files}
        resources = [posixpath.join("..", closure.folder) for closure in closures]
        together = {"resources": resources, "buildMetadata": [_NOTE_ORIGIN]}
        files = {file for closure in closures for file in closure.files}
        extra = {f"{_TOGETHER}/kustomization.yaml": together}
        rendered: list[list[Manifest]] = [[] for _ in closures]
        for raw, origin in self._run(files, extra, _TOGETHER):
            if origin not in owners:
                raise ToolError("an object without an origin")
            place = owners[origin]
            rendered[place].append(self._placed(raw, closures[place], origin))
        return rendered

    def _run(
        self, files: Iterable[str], extra: Mapping[str, object], folder: str
    ) -> Iterator[tuple[dict[str, Any], str | None]]:
        """Render a folder of a copy of some files; gives each object and its source path."""
        command = kustomize_command()
        if command is None:
            raise ToolError("neither kubectl nor kustomize is installed")
        with tempfile.TemporaryDirectory(prefix="flagstone-kustomize-") as place:
            copy = Path(place).resolve()
            copy_files(self.files, files, copy)
            for path, content in extra.items():
                (copy / path).parent.mkdir(exist_ok=True)
                (copy / path).write_text(json.dumps(content), encoding="utf-8")
            output = run_tool([*command, str(copy / folder)], copy, self.limits)
        for _, raw in rendered_objects(output, self.limits):
            yield raw, _origin(raw, folder)

    def _placed(
        self,
        raw: dict[str, Any],
        closure: Closure,
        origin: str | None,
        *,
        keeps_origin: bool = False,
    ) -> Manifest:
        """The object with the path and line of its source; of the kustomization if it has none."""
        if not keeps_origin:
            _drop_origin(raw)
        if origin is None or origin not in self.files:
            return Manifest(raw, closure.members[0].path, origin=closure.folder)
        rendered = Manifest(raw, origin, origin=closure.folder)
        source = self.source_of(origin, rendered)
        if source is None:
            return rendered
        return Manifest(raw, origin, source.document, closure.folder, place=source.place)


def _origin(raw: dict[str, Any], folder: str) -> str | None:
    """The source path in kustomize's note, which is relative to the folder that was rendered."""
    note = mapping(dig(raw, "metadata", "annotations")).get(_ORIGIN)
    found = _ORIGIN_PATH.search(note) if isinstance(note, str) else None
    return posixpath.normpath(posixpath.join(folder, found[1].strip())) if found else None


def _drop_origin(raw: dict[str, Any]) -> None:
    metadata = mapping(raw.get("metadata"))
    annotations = mapping(metadata.get("annotations"))
    annotations.pop(_ORIGIN, None)
    if not annotations:
        metadata.pop("annotations", None)
