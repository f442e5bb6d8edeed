"""What is wrong with an answer, in words for its field."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema.exceptions import ValidationError

from flagstone.scaffolding.engine.answer_schemas import validator
from flagstone.scaffolding.engine.filters import parse_repo_url
from flagstone.scaffolding.engine.formats import FORMATS, IN_WORDS
from flagstone.scaffolding.engine.forms import Field, FieldKind
from flagstone.scaffolding.engine.names import control_fault, name_fault
from flagstone.scaffolding.engine.patterns import PatternTooSlow

MAX_LINE = 500
MAX_TEXT = 10_000
MAX_VALUES = 200
MAX_DEPTH = 10
_OWNER = re.compile(r"[A-Za-z0-9][\w.-]{0,99}(?:/[A-Za-z0-9][\w.-]{0,99})*", re.ASCII)
_REPOSITORY = re.compile(r"\.?[A-Za-z0-9_][\w.-]{0,99}", re.ASCII)


def faults_of(asked: Field, answers: Mapping[str, Any], *, names_it: bool) -> Iterator[str]:
    """Say what is wrong with an answer; `names_it`: it gives the service its name."""
    value = answers.get(asked.name)
    if asked.is_fixed and value != asked.default:
        yield f"cannot be changed: the template says {json.dumps(asked.default, ensure_ascii=False)}"
        return
    if value is None or value == "":
        if asked.is_required(answers):
            yield "is needed"
        return
    if fault := _text_fault(asked, value):
        yield fault
        return
    try:
        found = sorted(
            validator(asked.schema, FORMATS).iter_errors(value), key=lambda error: str(error.path)
        )
    except PatternTooSlow as error:
        yield str(error)
        return
    errors = list(_without_echoes(found))
    yield from dict.fromkeys(_explain(asked, error) for error in errors)
    if asked.kind is FieldKind.REPOSITORY and not errors:
        yield from _repository_faults(asked, str(value), names_it=names_it)
    if asked.kind is FieldKind.NAME and not errors:
        fault = name_fault(value) if isinstance(value, str) else "must be a text"
        if fault:
            yield asked.messages.get("pattern", asked.messages.get("", fault))


def _repository_faults(asked: Field, value: str, *, names_it: bool) -> Iterator[str]:
    said = parse_repo_url(value)
    owner = said.get("owner") or said.get("organization") or said.get("workspace") or ""
    if not said["host"] or not said.get("repo") or not owner:
        yield "needs a code host, an owner and a name, as host?owner=…&repo=…"
        return
    for key, word in (("allowedHosts", said["host"]), ("allowedOwners", owner)):
        allowed = asked.options.get(key)
        if isinstance(allowed, list) and allowed and word not in allowed:
            yield f"may lie at {' or '.join(map(str, allowed))} only, not at {word}"
    if not _OWNER.fullmatch(owner):
        yield f"has an owner that cannot be: {owner!r}"
    if names_it and (fault := name_fault(said["repo"])):
        yield f"has a name that cannot be: {fault}"
    elif not _REPOSITORY.fullmatch(said["repo"]) or ".." in said["repo"]:
        yield f"has a name that cannot be: {said['repo']!r}"


def _text_fault(asked: Field, value: Any) -> str | None:
    """Check what no schema says: characters that nobody types, and sizes that nobody needs."""
    multiline = asked.kind in (FieldKind.TEXTAREA, FieldKind.OBJECT)
    texts, number = _flattened(value)
    if number > MAX_VALUES:
        return f"holds more than {MAX_VALUES} values, or nests them too deeply"
    for text in texts:
        if fault := control_fault(
            text.replace("\r\n", "\n") if multiline else text, multiline=multiline
        ):
            return fault
        most = MAX_TEXT if multiline else MAX_LINE
        if len(text) > (asked.max_length or most):
            return f"is longer than {asked.max_length or most} characters"
    return None


def _flattened(value: Any) -> tuple[list[str], int]:
    """Return every text in a value, and how many values it holds; what is too deep counts as too many."""
    texts: list[str] = []
    waiting, seen = [(value, 0)], 0
    while waiting and seen <= MAX_VALUES:
        item, depth = waiting.pop()
        seen += 1
        if depth > MAX_DEPTH:
            return texts, MAX_VALUES + 1
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, dict):
            texts += [str(key) for key in item]
            waiting += [(below, depth + 1) for below in item.values()]
        elif isinstance(item, list):
            waiting += [(below, depth + 1) for below in item]
        elif isinstance(item, float) and not math.isfinite(item):
            texts.append(
                "\x00"
            )  # no JSON can carry it: refused like any other character nobody types
    return texts, seen


def _without_echoes(errors: Sequence[ValidationError]) -> Iterator[ValidationError]:
    """Leave out one of two errors at one place: what has the wrong type is none of the choices either."""
    by_place: dict[tuple[Any, ...], dict[str, ValidationError]] = {}
    for error in errors:
        by_place.setdefault(tuple(error.absolute_path), {})[str(error.validator)] = error
    for beside in by_place.values():
        if {"type", "enum"} <= beside.keys():
            # a whole number in quotes would have been taken for its choice
            quotes_help = _is_unquoted(beside["type"]) and type(beside["type"].instance) is not int
            beside.pop("enum" if quotes_help else "type")
        yield from beside.values()


def _is_unquoted(error: ValidationError) -> bool:
    """Tell whether quotes could make it right: YAML reads `3.10`, `off` and `2026-01-31` as no texts."""
    given: Any = error.instance
    return error.validator_value == "string" and not isinstance(given, str | list | dict | None)


def _explain(asked: Field, error: ValidationError) -> str:
    keyword = str(error.validator)
    own = asked.messages.get(keyword, asked.messages.get(""))
    if own:
        return own
    sentence, path = _sentence(asked, error, keyword), "/".join(map(str, error.absolute_path))
    return f"at {path}: {sentence}" if path and asked.kind is FieldKind.OBJECT else sentence


def _sentence(asked: Field, error: ValidationError, keyword: str) -> str:
    wanted: Any = error.validator_value
    given: Any = error.instance
    if keyword == "pattern" and asked.kind is FieldKind.NAME:
        return name_fault(str(given)) or _SENTENCES["pattern"].format(wanted)
    if keyword == "enum":
        offered = [choice.label for choice in asked.choices] or map(str, wanted)
        return f"must be one of {', '.join(offered)}"
    if keyword == "format":
        return f"must be {IN_WORDS.get(wanted, wanted)}"
    if keyword == "required":
        missing = sorted(set(wanted) - set(given))
        return f"lacks {' and '.join(missing)}"
    if keyword == "type":
        if _is_unquoted(error):
            return "must be a text: write it in quotes"
        return f"must be {_TYPE_WORDS.get(str(wanted), wanted)}"
    sentence = _SENTENCES.get(keyword)
    return sentence.format(wanted) if sentence else error.message


_SENTENCES = {
    "pattern": "does not have the form {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minimum": "must be {} or more",
    "maximum": "must be {} or less",
    "minItems": "needs at least {} entries",
    "maxItems": "may have at most {} entries",
    "uniqueItems": "must not name the same thing twice",
}
_TYPE_WORDS = {
    "array": "a list",
    "boolean": "yes or no",
    "integer": "a whole number",
    "number": "a number",
    "object": "a JSON object",
    "string": "a text",
}
