"""Makes the columns of an entity of the document that says it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from flagstone.catalog.engine.entities import ReadDocument
from flagstone.catalog.engine.kinds import OWNER, SYSTEM
from flagstone.catalog.engine.refs import EntityRef
from flagstone.catalog.engine.relations import target_of

# where a tier is written: in the spec, else as one of these labels
_TIER_LABELS = ("flagstone.dev/tier", "tier")
_OWN_COLUMNS = frozenset(
    {"name", "namespace", "title", "description", "labels", "annotations", "tags", "links"}
)
# of a description this much is searched
_SEARCHED = 1000


def fingerprint(raw: Mapping[str, Any]) -> str:
    """The SHA-256 of what a document says, whatever its layout and the order of its keys."""
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def columns_of(read: ReadDocument, ref: EntityRef) -> dict[str, Any]:
    """Return the columns that an accepted document fills, its place included."""
    raw = read.raw or {}
    metadata, spec = read.metadata, raw.get("spec")
    columns: dict[str, Any] = {
        "ref": ref.canonical,
        "api_version": raw["apiVersion"],
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
        "title": _text(metadata.get("title")),
        "description": _text(metadata.get("description")),
        "type": read.spec_text("type"),
        "lifecycle": read.spec_text("lifecycle"),
        "tier": _tier(metadata, read.spec),
        "owner_ref": target_of(raw, OWNER),
        "system_ref": target_of(raw, SYSTEM),
        "tags": [tag for tag in metadata.get("tags", []) if isinstance(tag, str)],
        "labels": metadata.get("labels", {}),
        "annotations": metadata.get("annotations", {}),
        "links": metadata.get("links", []),
        "extra": {key: value for key, value in metadata.items() if key not in _OWN_COLUMNS},
        "spec": spec,
        "source_path": read.path,
        "source_index": read.index,
        "source_line": read.line,
    }
    return columns | {"search_text": _search_text(columns, read.spec)}


def _tier(metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    labels = metadata.get("labels")
    labels = labels if isinstance(labels, dict) else {}
    for value in (spec.get("tier"), *(labels.get(label) for label in _TIER_LABELS)):
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""


def _search_text(columns: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    profile = spec.get("profile")
    person = list(profile.values()) if isinstance(profile, dict) else []
    words = [
        columns["name"],
        columns["title"],
        columns["ref"],
        columns["owner_ref"].rpartition("/")[2],
        columns["system_ref"].rpartition("/")[2],
        columns["type"],
        *columns["tags"],
        *(text for text in person if isinstance(text, str)),
        columns["description"][:_SEARCHED],
    ]
    return " ".join(word for word in words if word).casefold()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
