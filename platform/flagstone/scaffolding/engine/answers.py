"""What a person answered: from a browser's strings to typed values, and every fault in words for its field."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from jsonschema.exceptions import ValidationError

from flagstone.scaffolding.engine.answer_schemas import validator
from flagstone.scaffolding.engine.filters import parse_repo_url
from flagstone.scaffolding.engine.formats import FORMATS, IN_WORDS
from flagstone.scaffolding.engine.forms import LINES, LISTS, TEXTS, Field, FieldKind, Form
from flagstone.scaffolding.engine.names import control_fault, name_fault
from flagstone.scaffolding.engine.nested_defaults import with_nested_defaults
from flagstone.scaffolding.engine.patterns import PatternTooSlow
from flagstone.scaffolding.errors import AnswersInvalid

# a picker of repositories has three fields of one name
REPOSITORY_PARTS = ("host", "owner", "repo")
MAX_LINE = 500
MAX_TEXT = 10_000
MAX_VALUES = 200
MAX_DEPTH = 10
_OWNER = re.compile(r"[A-Za-z0-9][\w.-]{0,99}(?:/[A-Za-z0-9][\w.-]{0,99})*", re.ASCII)
_REPOSITORY = re.compile(r"\.?[A-Za-z0-9_][\w.-]{0,99}", re.ASCII)
_TRUE = frozenset({"true", "on", "1", "yes", "y"})
_FALSE = frozenset({"false", "off", "0", "no", "n", ""})


def validate(
    form: Form, answers: Mapping[str, Any], *, secrets_needed: bool = True
) -> dict[str, Any]:
    """Check answers and return them complete, with the defaults of what was left out.

    Args:
        form: What is asked.
        answers: By question.
        secrets_needed: False once the secrets are gone: they are never kept.

    Raises:
        AnswersInvalid: With every fault of every field.
    """
    faults: dict[str, list[str]] = {}
    for name in answers:
        if fault := _key_fault(form, name):
            faults[str(name)] = [fault]
    given = {
        asked.name: _as_offered(asked, answers[asked.name])
        for asked in form.fields
        if asked.name in answers and not _is_empty(asked, answers[asked.name])
    }
    complete = _with_defaults(form, given)
    shown = form.shown(complete)
    for name in given:
        if name not in shown:
            faults[name] = [_not_asked(form, name)]
    for name, asked in shown.items():
        if asked.kind is FieldKind.SECRET and not secrets_needed and name not in given:
            continue
        found = list(_faults(asked, complete, names_it=name == form.name_field))
        if found:
            faults[name] = found
    if faults:
        raise AnswersInvalid(faults, form.labels)
    return {name: _tidy(asked, complete[name]) for name, asked in shown.items() if name in complete}


def without_faults(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of these answers can stand, with the defaults of the rest: the form is still being filled in."""
    try:
        return validate(form, answers)
    except AnswersInvalid as error:
        sound = {name: value for name, value in answers.items() if name not in error.faults}
        return _with_defaults(form, sound)


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


def _is_empty(asked: Field, value: Any) -> bool:
    """Tell whether this is no answer: a text may be emptied on purpose, nothing else can."""
    return value is None or (value == "" and asked.kind not in TEXTS)


def _as_offered(asked: Field, value: Any) -> Any:
    """Take a whole number for the choice that is written so: YAML reads `17` as one where nobody quotes it.

    No other number: `3.10` comes as 3.1, which may be another choice.
    """
    if asked.kind is FieldKind.CHOICES and isinstance(value, list):
        return [_choice_written_as(asked, each) for each in value]
    return _choice_written_as(asked, value) if asked.kind is FieldKind.CHOICE else value


def _choice_written_as(asked: Field, value: Any) -> Any:
    values = [choice.value for choice in asked.choices]
    return (
        str(value) if type(value) is int and value not in values and str(value) in values else value
    )


def _key_fault(form: Form, name: object) -> str | None:
    if not isinstance(name, str):
        return "is not the name of a question"
    if name.startswith("_"):
        return "is private to templates and cannot be answered"
    if name not in form.names:
        return "is not a question of this scaffold"
    return None


def _with_defaults(form: Form, given: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in defaults in the order of the form, since a default may be what shows the next question."""
    complete = dict(given)
    for asked in form.fields:
        if asked.name in complete:
            complete[asked.name] = with_nested_defaults(asked.schema, complete[asked.name])
        elif asked.default is not None and asked.is_shown(complete):
            complete[asked.name] = asked.default
    return complete


def _not_asked(form: Form, name: str) -> str:
    asked = next(f for f in form.fields if f.name == name)
    wishes = (condition.in_words(form.labels) for condition in asked.shown_when)
    return f"is asked only when {' and '.join(wishes)}"


def _faults(asked: Field, answers: Mapping[str, Any], *, names_it: bool) -> Iterator[str]:
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


def _tidy(asked: Field, value: Any) -> Any:
    if asked.kind is FieldKind.TEXTAREA and isinstance(value, str):
        return value.replace("\r\n", "\n")
    return value


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
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
