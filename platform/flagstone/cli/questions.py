"""What a scaffold asks, as a command line says it: by the key of an answer, where a page has a label."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flagstone.core.hidden_characters import on_one_line
from flagstone.scaffolding.engine.forms import Choice, Field, FieldKind, Form

_WIDEST_KEY = 28
_LONGEST_DEFAULT = 60
_KINDS = {
    FieldKind.NAME: "the service's name",
    FieldKind.TEXT: "text",
    FieldKind.TEXTAREA: "text of several lines",
    FieldKind.INTEGER: "whole number",
    FieldKind.NUMBER: "number",
    FieldKind.BOOLEAN: "yes or no",
    FieldKind.LIST: "list, with commas between",
    FieldKind.TAGS: "tags, with commas between",
    FieldKind.OWNER: "squad",
    FieldKind.ENTITY: "entity of the catalogue",
    FieldKind.ENTITIES: "entities of the catalogue, with commas between",
    FieldKind.REPOSITORY: "repository, as host?owner=…&repo=…",
    FieldKind.OBJECT: "JSON",
    FieldKind.SECRET: "secret",
}


def by_key(form: Form) -> Form:
    """Return the form with the key before each label and for each choice: faults then name what can be typed."""
    return Form(
        tuple(
            replace(
                page,
                fields=tuple(
                    replace(
                        asked,
                        label=_called(asked),
                        choices=tuple(Choice(each.value, each.key) for each in asked.choices),
                    )
                    for asked in page.fields
                ),
            )
            for page in form.pages
        )
    )


def listed(form: Form, width: int) -> Iterator[str]:
    """Yield the lines that list every question: its key, then what answers it, when it is asked, and what for."""
    keys = {name: name for name in form.names}
    column = min(max(map(len, keys), default=0), _WIDEST_KEY)
    for page in form.pages:
        yield ""
        yield on_one_line(page.title)
        for asked in page.fields:
            key = f"  {on_one_line(asked.name):{column}}  "
            for line in _told(asked, keys):
                yield from textwrap.wrap(
                    on_one_line(" ".join(line.split())),
                    width,
                    initial_indent=key,
                    subsequent_indent=" " * (column + 4),
                    break_on_hyphens=False,
                )
                key = " " * (column + 4)


def _called(asked: Field) -> str:
    return asked.name if asked.label == asked.name else f"{asked.name} ({asked.label})"


def _told(asked: Field, keys: dict[str, str]) -> Iterator[str]:
    yield f"{_kind(asked)}; {_need(asked, keys)}"
    if asked.shown_when:
        wishes = (condition.in_words(keys) for condition in asked.shown_when)
        yield f"asked only when {' and '.join(wishes)}"
    yield ": ".join(filter(None, (asked.label, asked.description)))
    for choice in asked.choices:
        if choice.label.lower() != choice.key.lower():
            yield f"{choice.key}: {choice.label}"


def _kind(asked: Field) -> str:
    offered = ", ".join(choice.key for choice in asked.choices)
    if asked.kind is FieldKind.CHOICE:
        return f"one of {offered}"
    if asked.kind is FieldKind.CHOICES:
        return f"any of {offered}, each with a --set of its own"
    bounds = [
        f"{word} {asked.schema[bound]}"
        for word, bound in (("from", "minimum"), ("to", "maximum"))
        if bound in asked.schema
    ]
    return " ".join((_KINDS[asked.kind], *bounds))


def _need(asked: Field, keys: dict[str, str]) -> str:
    if asked.default not in (None, ""):
        return (
            f"default {textwrap.shorten(_typed(asked.default), _LONGEST_DEFAULT, placeholder=' …')}"
        )
    if asked.required:
        return "needed"
    if asked.options.get("derived") is True:
        return "else the template computes it"
    if asked.required_when:
        wishes = (condition.in_words(keys) for condition in asked.required_when)
        return f"needed when {' or when '.join(wishes)}"
    return "may be left out"


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
