"""The questions of a scaffold as a page draws them: what was typed, what is wrong with it, what can be chosen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flagstone.scaffolding.engine.filters import parse_repo_url
from flagstone.scaffolding.engine.forms import LISTS, Condition, Field, FieldKind, Form
from flagstone.scaffolding.engine.typed_answers import REPOSITORY_PARTS
from flagstone.web.forms.examples import json_example

# before the name of every answer, so that no question can be called like a field of the page's own
PREFIX = "answer."

# kinds that offer entities of the catalogue
_PICKERS = frozenset({FieldKind.OWNER, FieldKind.ENTITY, FieldKind.ENTITIES})

_CONTROLS = {
    FieldKind.BOOLEAN: "tick",
    FieldKind.CHOICES: "ticks",
    FieldKind.INTEGER: "number",
    FieldKind.NUMBER: "number",
    FieldKind.OBJECT: "area",
    FieldKind.REPOSITORY: "repository",
    FieldKind.SECRET: "secret",
    FieldKind.TEXTAREA: "area",
}

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

Posted = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be chosen; `note` stands smaller beside its label."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """Options under one title; without a title they stand first and alone."""

    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A field of the form with what is known about its answer.

    Args:
        asked: What the scaffold asks.
        values: As a browser sent them, or would send them.
        groups: What can be chosen; empty where anything may be typed.
        errors: What is wrong with the answer.
        is_shown: Whether the other answers lead to it.
        is_required: Whether these answers make it required.
        notice: What stands in the way of any answer.
        waits_for: In words, the answers that lead to it; empty when it is always asked.
    """

    asked: Field
    values: tuple[str, ...] = ()
    groups: tuple[OptionGroup, ...] = ()
    errors: tuple[str, ...] = ()
    is_shown: bool = True
    is_required: bool = False
    waits_for: str = ""
    notice: str = ""

    @property
    def name(self) -> str:
        return f"{PREFIX}{self.asked.name}"

    @property
    def id(self) -> str:
        return f"answer-{self.asked.name}"

    @property
    def is_derived(self) -> bool:
        """Whether the template computes its default from the other answers."""
        return self.asked.options.get("derived") is True

    @property
    def derived_id(self) -> str:
        return derived_id(self.asked.name)

    @property
    def value(self) -> str:
        return self.values[-1] if self.values else ""

    @property
    def is_checked(self) -> bool:
        return self.value.lower() in {"true", "on", "1", "yes"}

    @property
    def control(self) -> str:
        """Which control draws it: a name of the templates under `components/question/`."""
        asked, offers = self.asked, bool(self.groups) and not self.takes_anything
        if asked.widget == "hidden":
            return "hidden"
        if asked.is_fixed:
            return "fixed"
        if asked.kind in (FieldKind.CHOICE, FieldKind.BOOLEAN) and asked.widget == "radio":
            return "radios"
        if asked.kind is FieldKind.ENTITIES:
            return "ticks" if offers else "text"
        return _CONTROLS.get(asked.kind) or ("select" if offers else "text")

    @property
    def input_type(self) -> str:
        """The type of its line; a value that a browser's own control would drop is left in a line of text."""
        if self.asked.schema.get("format") == "email":
            return "email"
        is_date = "date" in (self.asked.schema.get("format"), self.asked.widget)
        if is_date and (not self.value or _DATE.fullmatch(self.value)):
            return "date"
        # a browser answers black where nobody chose a colour
        is_colour = self.asked.widget == "color" and _COLOUR.fullmatch(self.value)
        return "color" if is_colour else "text"

    @property
    def fixed_text(self) -> str:
        """What a question that nobody may change says, in the words of its options."""
        labels = {option.value: option.label for group in self.groups for option in group.options}
        if self.asked.kind is FieldKind.BOOLEAN:
            return "Yes" if self.is_checked else "No"
        if self.asked.kind is FieldKind.REPOSITORY:
            return " / ".join(filter(None, self.values))
        return ", ".join(labels.get(value, value) for value in self.values)

    @property
    def how_to_write(self) -> str:
        """In words, the form of an answer that one line or area of text has to hold; empty where it shows."""
        if self.asked.is_fixed:
            return ""
        if self.asked.kind is FieldKind.OBJECT:
            return f"As JSON, such as {json_example(self.asked.schema)}"
        if self.asked.kind in LISTS and self.control == "text":
            return "Several are separated by commas."
        return ""

    @property
    def takes_anything(self) -> bool:
        """Whether a picker allows other values than those it offers, which it then only suggests."""
        return self.asked.kind in _PICKERS and bool(
            self.asked.options.get("allowArbitraryValues", True)
        )

    @property
    def is_group(self) -> bool:
        """Whether it is several controls under one legend rather than one with a label."""
        return self.control in {"radios", "ticks", "repository", "fixed"}

    @property
    def repository(self) -> Mapping[str, str]:
        """The three parts of a repository: host, owner and repo."""
        values = self.values
        if len(values) != len(REPOSITORY_PARTS):
            said = parse_repo_url(self.value)
            values = tuple(said.get(part, "") for part in REPOSITORY_PARTS)
        return dict(zip(REPOSITORY_PARTS, values, strict=True))

    @property
    def owners(self) -> list[str]:
        """The owners that the template allows, '' for any."""
        allowed = self.asked.options.get("allowedOwners")
        return [str(owner) for owner in allowed] if isinstance(allowed, list) else []

    @property
    def is_unknown(self) -> bool:
        """Whether the answer is none of what can be chosen, such as a squad that is gone."""
        known = {option.value for group in self.groups for option in group.options}
        return bool(self.value) and bool(known) and self.value not in known

    @property
    def conditions(self) -> str:
        """What shows it, for the script: `[[name, [values], negated], ...]`, no values meaning any answer."""
        return json.dumps(
            [
                [
                    f"{PREFIX}{condition.field}",
                    [_text(value) for value in condition.values],
                    condition.negated,
                ]
                for condition in self.asked.shown_when
            ]
        )


@dataclass(frozen=True, slots=True)
class Section:
    """One page of the scaffold's form."""

    title: str
    description: str
    questions: tuple[Question, ...]
    number: int = 1

    @property
    def id(self) -> str:
        return f"section-{self.number}"

    @property
    def faults(self) -> int:
        return sum(bool(question.errors) for question in self.questions)


def posted_answers(data: Iterable[tuple[str, Sequence[str]]]) -> dict[str, list[str]]:
    """Take the answers out of what a browser sent, without the page's own fields."""
    return {
        name.removeprefix(PREFIX): [value.replace("\r\n", "\n") for value in values]
        for name, values in data
        if name.startswith(PREFIX)
    }


def as_posted(form: Form, answers: Mapping[str, Any]) -> dict[str, list[str]]:
    """Write typed answers as a browser would send them."""
    return {
        asked.name: _values(asked, answers[asked.name])
        for asked in form.fields
        if answers.get(asked.name) is not None
    }


def defaults(form: Form) -> dict[str, list[str]]:
    """Return what the form is filled with before anybody has typed."""
    return as_posted(form, {asked.name: asked.default for asked in form.fields})


@dataclass(frozen=True, slots=True)
class Derived:
    """What an empty answer comes to, and where the page says so."""

    id: str
    text: str


def derived_shown(form: Form, found: Mapping[str, Any]) -> list[Derived]:
    """Write computed defaults as the page shows them."""
    fields = {asked.name: asked for asked in form.fields}
    return [
        Derived(derived_id(name), "\n".join(_values(fields[name], value)))
        for name, value in found.items()
        if value is not None
    ]


def derived_id(name: str) -> str:
    """Return an id that a selector can name, whatever characters the question's name has."""
    return f"derived-{name.encode().hex()}"


def sections_of(
    form: Form,
    posted: Posted,
    answers: Mapping[str, Any],
    *,
    pickable: Mapping[str, Sequence[OptionGroup]],
    faults: Mapping[str, Sequence[str]],
    notices: Mapping[str, str] | None = None,
) -> list[Section]:
    """Lay the form out.

    Args:
        form: The scaffold's.
        posted: What stands in its fields.
        answers: The same with the types of the fields, which conditions are held against.
        pickable: What the pickers offer, by field.
        faults: What is wrong, by field.
        notices: What stands in the way of any answer, by field.
    """
    labels = form.labels
    return [
        Section(
            title=page.title,
            description=page.description,
            number=number,
            questions=tuple(
                Question(
                    asked=asked,
                    values=_drawn(asked, posted),
                    groups=tuple(pickable.get(asked.name) or _choices(asked)),
                    errors=tuple(as_clauses(faults.get(asked.name, ()))),
                    is_shown=asked.is_shown(answers),
                    is_required=asked.is_required(answers),
                    waits_for=_in_words(asked.shown_when, labels),
                    notice=(notices or {}).get(asked.name, ""),
                )
                for asked in page.fields
            ),
        )
        for number, page in enumerate(form.pages, start=1)
    ]


def _drawn(asked: Field, posted: Posted) -> tuple[str, ...]:
    if not asked.is_fixed:
        return tuple(posted.get(asked.name, ()))
    return () if asked.default is None else tuple(_values(asked, asked.default))


def as_clauses(faults: Iterable[str]) -> list[str]:
    """Take the full stop from faults that a template words itself: the page sets its own."""
    return [fault.rstrip(". ") for fault in faults]


def _choices(asked: Field) -> list[OptionGroup]:
    """Split "99.9 % - 43 min" into a label and its note."""
    if asked.kind is FieldKind.BOOLEAN and asked.widget == "radio":
        return [OptionGroup("", (Option("true", "Yes"), Option("false", "No")))]
    if not asked.choices:
        return []
    options = []
    for choice in asked.choices:
        label, _, note = choice.label.partition(" - ")
        options.append(Option(choice.key, label, note))
    return [OptionGroup("", tuple(options))]


def _in_words(conditions: Iterable[Condition], labels: Mapping[str, str]) -> str:
    return " and ".join(condition.in_words(labels) for condition in conditions)


def _values(asked: Field, value: Any) -> list[str]:
    if asked.kind is FieldKind.CHOICES:
        return [_text(entry) for entry in value]
    if asked.kind in LISTS:
        return [", ".join(str(entry) for entry in value)]
    if asked.kind is FieldKind.REPOSITORY:
        said = parse_repo_url(value)
        return [said.get(part, "") for part in REPOSITORY_PARTS]
    if asked.kind is FieldKind.OBJECT:
        return [json.dumps(value, indent=2, ensure_ascii=False)]
    return [_text(value)]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
