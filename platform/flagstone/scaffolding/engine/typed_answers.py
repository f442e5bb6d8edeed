"""From strings to typed answers: what a browser sends, and what is typed on a command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flagstone.core import json_text
from flagstone.scaffolding.engine.forms import LINES, LISTS, TEXTS, Field, FieldKind, Form

# a picker of repositories has three fields of one name
REPOSITORY_PARTS = ("host", "owner", "repo")
_TRUE = frozenset({"true", "on", "1", "yes", "y"})
_FALSE = frozenset({"false", "off", "0", "no", "n", ""})


def from_html(form: Form, posted: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Give a browser's strings the types of their fields; what has no such type stays text for `validate` to name.

    Empty fields and fields that the other answers hide are left out. Unknown keys stay in, for `validate` to refuse.
    """
    answers: dict[str, Any] = {
        name: values[-1] for name, values in posted.items() if name not in form.names and values
    }
    for asked in form.fields:
        if asked.is_fixed and asked.name not in posted:
            continue  # one without an answer is drawn without a control
        value = _typed(asked, list(posted.get(asked.name, ())))
        if value is not None and asked.is_shown(answers):
            answers[asked.name] = value
    return answers


def from_words(form: Form, given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Give a command line's words the types of their fields: only what was given is an answer, asked for or not."""
    answers: dict[str, Any] = {name: words[-1] for name, words in given.items()}
    for asked in form.fields:
        if asked.name in given:
            answers[asked.name] = _typed(asked, list(given[asked.name]))
    return {name: value for name, value in answers.items() if value is not None}


def _typed(asked: Field, values: list[str]) -> Any:
    """Return the answer in these strings, None when there is none."""
    if asked.kind is FieldKind.BOOLEAN:
        # an unticked box sends nothing at all
        word = values[-1].strip().lower() if values else ""
        return word in _TRUE or (False if word in _FALSE else values[-1])
    if asked.kind in LISTS:
        return _listed(asked, values)
    text = values[-1] if values else ""
    if asked.kind is FieldKind.REPOSITORY and len(values) == len(REPOSITORY_PARTS):
        return _repository(values)
    if asked.kind in LINES:
        text = text.strip(" ")
    if not text:
        # an emptied field says so; a field that has nothing to be emptied says nothing
        return "" if values and asked.default and asked.kind in TEXTS else None
    match asked.kind:
        case FieldKind.CHOICE:
            return next((c.value for c in asked.choices if c.key == text), text)
        case FieldKind.INTEGER | FieldKind.NUMBER:
            return _number(text)
        case FieldKind.OBJECT:
            return _object(text)
        case _:
            return text


def _repository(values: list[str]) -> str | None:
    """Write what a picker's three fields say as one value; all empty is no answer."""
    host, owner, name = (value.strip() for value in values)
    return f"{host}?{urlencode({'owner': owner, 'repo': name})}" if owner or name else None


def _listed(asked: Field, values: list[str]) -> list[Any] | None:
    if asked.kind is FieldKind.CHOICES:
        chosen = {choice.key: choice.value for choice in asked.choices}
        found: list[Any] = [chosen.get(value, value) for value in values if value]
    else:
        words = (word for value in values for word in value.replace("\n", ",").split(","))
        found = [word.strip() for word in words if word.strip()]
    return found or None


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        # float() reads "nan" and "infinity", which no form means and no JSON can carry
        return number if abs(number) < 1e15 else text
    return text


def _object(text: str) -> Any:
    try:
        return json_text.loads(text)
    except ValueError:
        return text
