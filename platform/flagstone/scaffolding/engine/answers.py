"""What a person answered, checked: complete with the defaults of the form, or every fault in words for its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flagstone.scaffolding.engine.answer_faults import faults_of
from flagstone.scaffolding.engine.forms import TEXTS, Field, FieldKind, Form
from flagstone.scaffolding.engine.nested_defaults import with_nested_defaults
from flagstone.scaffolding.errors import AnswersInvalid


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
        found = list(faults_of(asked, complete, names_it=name == form.name_field))
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


def _tidy(asked: Field, value: Any) -> Any:
    if asked.kind is FieldKind.TEXTAREA and isinstance(value, str):
        return value.replace("\r\n", "\n")
    return value
