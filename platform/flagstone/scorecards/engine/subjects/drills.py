"""Drills: what breaks something on purpose, to see that it is noticed. They are never judged as production.

A drill stands in a folder called drill or chaos, with objects of the mesh or a script in it, or its objects
have the label paved.example.com/drill. A script's here-documents are read as the objects that they make.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from flagstone.policies.manifests.documents import Document, read_documents
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.index import folder_of, with_folders_above
from flagstone.scorecards.engine.relations import ISTIO

DRILL_LABEL = "paved.example.com/drill"
_PLACE = re.compile(r"(?P<place>(?:[^/]+/)*?(?:drills?|chaos))(?:/|$)")
_SCRIPTS = (".sh", ".bash", ".py")
_GROUPS = frozenset({ISTIO, "chaos-mesh.org", "litmuschaos.io"})
_HERE_DOCUMENT = re.compile(
    r"<<-?\s*(?P<quote>['\"]?)(?P<end>\w+)(?P=quote)[^\n]*\n(?P<text>.*?)^\s*(?P=end)\s*$",
    re.DOTALL | re.MULTILINE,
)
_ASSIGNMENT = re.compile(
    r"^(?P<name>[A-Za-z_]\w*)=(?P<quote>[\"']?)(?P<value>[^\s\"'`(]+)(?P=quote)\s*$", re.MULTILINE
)
_VARIABLE = re.compile(r"\$\{?(?P<name>[A-Za-z_]\w*)\}?")
_LONGEST_SCRIPT = 200_000  # characters: a longer file is a program, not a drill


@dataclass(frozen=True, slots=True)
class Script:
    """A drill's script; `code` is its text without comments."""

    path: str
    code: str


@dataclass(eq=False, slots=True)
class Drill:
    """All that stands in one place."""

    place: str
    manifests: list[Manifest] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[Manifest]:
        return [m for m in self.manifests if (m.group, m.kind) == (ISTIO, kind)]

    def is_of_the_mesh(self) -> bool:
        """Whether it is about the ejection of endpoints, not about a backup."""
        spoken = any(re.search(r"outlier|ejection", script.code) for script in self.scripts)
        return spoken or bool(self.of_kind("DestinationRule") or self.of_kind("VirtualService"))


def find_drills(snapshot: Snapshot) -> list[Drill]:
    """The drills of a snapshot, by their places."""
    holders = with_folders_above(
        path.rpartition("/")[0]
        for path in snapshot.paths()
        if path.rpartition("/")[2] in {"catalog-info.yaml", "catalog-info.yml"}
    )
    found: dict[str, Drill] = {}
    for manifest in snapshot.manifests:
        if manifest.unrendered_reason is None and (place := _place(manifest)):
            found.setdefault(place, Drill(place)).manifests.append(manifest)
    for path in snapshot.paths():
        folder, _, name = path.rpartition("/")
        if name.endswith(_SCRIPTS) and (place := _folder_place(folder)):
            text = snapshot.read_text(path) or ""
            if len(text) <= _LONGEST_SCRIPT:
                found.setdefault(place, Drill(place)).scripts.append(Script(path, _code(text)))
    drills = [drill for drill in found.values() if _is_drill(drill, holders)]
    for drill in drills:
        drill.manifests += [made for script in drill.scripts for made in _made_by(script)]
    return drills


def _place(manifest: Manifest) -> str:
    return _folder_place(folder_of(manifest)) or (
        manifest.path if DRILL_LABEL in manifest.labels else ""
    )


def _folder_place(folder: str) -> str:
    found = _PLACE.match(folder)
    return found["place"] if found else ""


def _is_drill(drill: Drill, holders: Collection[str]) -> bool:
    """A service may be called chaos, and a product Drill: what has an entity, or no sign, is judged."""
    if drill.place in holders:
        return False
    signs = any(m.group in _GROUPS or DRILL_LABEL in m.labels for m in drill.manifests)
    return signs or bool(drill.scripts)


def _code(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _made_by(script: Script) -> Iterator[Manifest]:
    known = {found["name"]: found["value"] for found in _ASSIGNMENT.finditer(script.code)}
    for found in _HERE_DOCUMENT.finditer(script.code):
        text = found["text"]
        for _ in range(3):  # a variable of variables
            text = _VARIABLE.sub(lambda use: known.get(use["name"], use[0]), text)
        for document in read_documents(text, Limits()):
            value = document.value if isinstance(document, Document) else None
            if isinstance(value, dict) and value.get("kind"):
                yield Manifest(value, script.path)
