"""Makes the columns of an entity of the document that says it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from flagstone.catalog.engine.entities import ReadDocument
from flagstone.catalog.engine.kinds import OWNER, SYSTEM
from flagstone.catalog.engine.placeholders import is_placeholder
from flagstone.catalog.engine.refs import EntityRef
from flagstone.catalog.engine.relations import target_of

# where a tier is written: in the spec, else as one of these labels
_TIER_LABELS = ("flagstone.dev/tier", "tier")
# the metadata that has columns of its own, with the shape it must have there
_OWN_COLUMNS: Mapping[str, type] = {
    "name": str,
    "namespace": str,
    "title": str,
    "description": str,
    "labels": dict,
    "annotations": dict,
    "tags": list,
    "links": list,
}
# of a description this much is searched
_SEARCHED = 1000


def fingerprint(raw: Mapping[str, Any]) -> str:
    """The SHA-256 of what a document says, whatever its layout and the order of its keys."""
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def columns_of(read: ReadDocument, ref: EntityRef) -> dict[str, Any]:
    """Return the columns that an accepted document fills, its place included."""
    raw = read.raw or {}
    own, extra = _split(read.metadata)
    columns: dict[str, Any] = {
        "ref": ref.canonical,
        "api_version": raw["apiVersion"],
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
        "title": own.get("title", ""),
        "description": own.get("description", ""),
        "type": read.spec_text("type"),
        "lifecycle": read.spec_text("lifecycle"),
        "tier": _tier(own.get("labels", {}), read.spec),
        "owner_ref": target_of(raw, OWNER),
        "system_ref": target_of(raw, SYSTEM),
        "tags": [tag for tag in own.get("tags", []) if isinstance(tag, str)],
        "labels": own.get("labels", {}),
        "annotations": own.get("annotations", {}),
        "links": own.get("links", []),
        "extra": extra,
        "spec": raw.get("spec"),
        "source_path": read.path,
        "source_index": read.index,
        "source_line": read.line,
    }
    return columns | {"search_text": _search_text(columns, read.spec)}


def _split(metadata: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the metadata into what has columns and the rest; a placeholder still open is part of the rest."""
    own: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, value in metadata.items():
        shape = _OWN_COLUMNS.get(key)
        fits = shape is not None and isinstance(value, shape) and not is_placeholder(value)
        (own if fits else extra)[key] = value
    return own, extra


def _tier(labels: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
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
