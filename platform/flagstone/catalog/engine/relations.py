"""What an entity says about others, and what that says about them in return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagstone.catalog.engine.faults import FieldFault, Level
from flagstone.catalog.engine.kinds import KINDS, UNKNOWN_KIND_RELATIONS, RelationField
from flagstone.catalog.engine.refs import DEFAULT_NAMESPACE, EntityRef, InvalidRef


@dataclass(frozen=True, slots=True, order=True)
class RelationEdge:
    """`source` stands in the relation `type` to `target`; both are canonical references."""

    source: str
    type: str
    target: str


def relations_of(raw: Mapping[str, Any]) -> list[RelationEdge]:
    """List the relations that an entity declares, both directions of each, sorted.

    What is no reference is left out; `reference_faults` tells of it. Whether the other entity exists
    is not asked: it may come later.
    """
    me = _own_ref(raw)
    edges: set[RelationEdge] = set()
    for field, _, value in _declared(raw):
        try:
            other = _parse(value, field, me).canonical
        except InvalidRef:
            continue
        edges.add(RelationEdge(me.canonical, field.type, other))
        edges.add(RelationEdge(other, field.inverse, me.canonical))
    return sorted(edges)


def reference_faults(raw: Mapping[str, Any]) -> list[FieldFault]:
    """Warn of what stands where a reference is wanted and is none."""
    me = _own_ref(raw)
    faults: list[FieldFault] = []
    for field, keys, value in _declared(raw):
        try:
            _parse(value, field, me)
        except InvalidRef as error:
            faults.append(FieldFault(keys, error.message, code=error.code, level=Level.WARNING))
    return faults


def target_of(raw: Mapping[str, Any], field: RelationField) -> str:
    """The canonical reference that a field of one entity names; empty if it names none."""
    value = _spec(raw).get(field.name)
    try:
        return _parse(value, field, _own_ref(raw)).canonical if isinstance(value, str) else ""
    except InvalidRef:
        return ""


def _declared(
    raw: Mapping[str, Any],
) -> Iterator[tuple[RelationField, tuple[str | int, ...], str]]:
    kind = KINDS.get(raw["kind"])
    spec = _spec(raw)
    for field in kind.relations if kind else UNKNOWN_KIND_RELATIONS:
        value = spec.get(field.name)
        if isinstance(value, str):
            yield field, ("spec", field.name), value
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, str):
                    yield field, ("spec", field.name, index), item


def _parse(value: str, field: RelationField, me: EntityRef) -> EntityRef:
    return EntityRef.parse(value, default_kind=field.default_kind, default_namespace=me.namespace)


def _own_ref(raw: Mapping[str, Any]) -> EntityRef:
    metadata = raw["metadata"]
    return EntityRef(raw["kind"], metadata.get("namespace") or DEFAULT_NAMESPACE, metadata["name"])


def _spec(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    spec = raw.get("spec")
    return spec if isinstance(spec, dict) else {}
