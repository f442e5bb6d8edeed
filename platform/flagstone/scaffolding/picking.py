"""Answers that name something of the catalogue: the squad that owns a service, the system it is part of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flagstone.catalog.engine.refs import EntityRef, InvalidRef
from flagstone.catalog.models import Entity
from flagstone.scaffolding.engine.forms import Field, FieldKind, Form
from flagstone.scaffolding.errors import AnswersInvalid

_PICKERS = (FieldKind.OWNER, FieldKind.ENTITY, FieldKind.ENTITIES)


def require_known_entities(form: Form, answers: Mapping[str, Any]) -> None:
    """Refuse a picked entity that the catalogue does not have, unless the template allows any value.

    Raises:
        AnswersInvalid: For every such field.
    """
    faults: dict[str, list[str]] = {}
    for name, asked in form.shown(answers).items():
        if asked.kind in _PICKERS and answers.get(name):
            picked = answers[name] if asked.kind is FieldKind.ENTITIES else [answers[name]]
            found = [fault for text in picked for fault in _faults(asked, text)]
            if found:
                faults[name] = found
    if faults:
        raise AnswersInvalid(faults, form.labels)


def kinds_of(asked: Field) -> list[str]:
    """Return the kinds of entity that a picker offers; empty for any."""
    filters = asked.options.get("catalogFilter") or {}
    listed = filters if isinstance(filters, list) else [filters]
    kinds = [entry["kind"] for entry in listed if isinstance(entry, dict) and "kind" in entry]
    flat = [kind for entry in kinds for kind in (entry if isinstance(entry, list) else [entry])]
    if not flat and asked.kind is FieldKind.OWNER:
        return ["Group", "User"]
    return [str(kind) for kind in flat]


def _faults(asked: Field, text: Any) -> Iterator[str]:
    kinds = kinds_of(asked)
    default_kind = asked.options.get("defaultKind") or (kinds[0] if kinds else None)
    try:
        ref = EntityRef.parse(text, default_kind=default_kind)
    except InvalidRef as error:
        yield error.message.rstrip(".")
        return
    if asked.options.get("allowArbitraryValues", True):
        return
    entity = Entity.objects.alive().by_name(ref).only("kind").first()
    if entity is None:
        yield f"the catalogue has no {ref.canonical}"
    elif kinds and entity.kind.lower() not in {kind.lower() for kind in kinds}:
        yield f"{ref.canonical} is no {' or '.join(kinds)}"
