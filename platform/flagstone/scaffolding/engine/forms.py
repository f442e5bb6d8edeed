"""A scaffold's questions as a neutral model: pages draw it, the API describes it, neither interprets a schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flagstone.scaffolding.engine.filters import parse_repo_url, project_slug


class FieldKind(StrEnum):
    """What a field is drawn as, and what a browser sends for it."""

    NAME = "name"
    TEXT = "text"
    TEXTAREA = "textarea"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"
    LIST = "list"
    TAGS = "tags"
    OWNER = "owner"
    ENTITY = "entity"
    ENTITIES = "entities"
    REPOSITORY = "repository"
    OBJECT = "object"
    SECRET = "secret"  # noqa: S105 - the name of a kind


# kinds whose answer is one line of text
LINES = frozenset(
    {
        FieldKind.NAME,
        FieldKind.TEXT,
        FieldKind.OWNER,
        FieldKind.ENTITY,
        FieldKind.REPOSITORY,
    }
)
# kinds whose answer is text that may be empty
TEXTS = LINES | {FieldKind.TEXTAREA, FieldKind.SECRET}
# kinds whose answer is a list of texts
LISTS = frozenset({FieldKind.CHOICES, FieldKind.LIST, FieldKind.TAGS, FieldKind.ENTITIES})


@dataclass(frozen=True, slots=True)
class Choice:
    """One option; `key` is what a browser sends for it."""

    value: Any
    label: str

    @property
    def key(self) -> str:
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when another field has one of these values; with none named, when it is answered at all.

    Args:
        field: The other one.
        values: Any of them.
        negated: It holds when that does not.
    """

    field: str
    values: tuple[Any, ...] = ()
    negated: bool = False

    def holds(self, answers: Mapping[str, Any]) -> bool:
        value = answers.get(self.field)
        is_so = value in self.values if self.values else value is not None
        return is_so is not self.negated

    def in_words(self, labels: Mapping[str, str]) -> str:
        words = {True: "yes", False: "no"}
        values = " or ".join(
            words[value] if isinstance(value, bool) else str(value) for value in self.values
        )
        return f"{labels.get(self.field, self.field)} is {'not ' if self.negated else ''}{values or 'answered'}"


@dataclass(frozen=True, slots=True)
class Field:
    """One question.

    Args:
        name: Its key among the answers.
        kind: What it is drawn as.
        label: Its title.
        schema: The JSON Schema of its answer.
        is_readonly: The template wants nobody to change it: `ui:readonly`, `ui:disabled`, or a `const`.
        widget: The template's wish for a choice: `radio`, `select`, `checkboxes`; empty when it has none.
        options: `ui:options` as they were written, such as the `catalogFilter` of a picker.
        shown_when: All have to hold for the question to be asked.
        required_when: It is required too when all of one of these groups hold.
        messages: The template's own sentences by JSON Schema keyword, `""` for any.
    """

    name: str
    kind: FieldKind
    label: str
    schema: Mapping[str, Any]
    description: str = ""
    help: str = ""
    placeholder: str = ""
    widget: str = ""
    required: bool = False
    is_readonly: bool = False
    autofocus: bool = False
    default: Any = None
    choices: tuple[Choice, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    shown_when: tuple[Condition, ...] = ()
    required_when: tuple[Condition, ...] = ()
    messages: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_fixed(self) -> bool:
        """Whether its default is the only answer; a question that needs one and has none stays open."""
        return self.is_readonly and not (self.required and self.default is None)

    @property
    def pattern(self) -> str:
        return str(self.schema.get("pattern", ""))

    @property
    def max_length(self) -> int | None:
        most = self.schema.get("maxLength")
        return most if isinstance(most, int) else None

    @property
    def rows(self) -> int:
        rows = self.options.get("rows", 4)
        return rows if isinstance(rows, int) else 4

    def is_shown(self, answers: Mapping[str, Any]) -> bool:
        return all(condition.holds(answers) for condition in self.shown_when)

    def is_required(self, answers: Mapping[str, Any]) -> bool:
        return self.required or any(condition.holds(answers) for condition in self.required_when)


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """All pages of one scaffold."""

    pages: tuple[Page, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(f for page in self.pages for f in page.fields)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(f.name for f in self.fields)

    @property
    def labels(self) -> dict[str, str]:
        return {f.name: f.label for f in self.fields}

    @property
    def name_field(self) -> str:
        """The field that decides the service's name: a question for it, or else for its repository."""
        for kind in (FieldKind.NAME, FieldKind.REPOSITORY):
            for asked in self.fields:
                if asked.kind is kind and (kind is FieldKind.NAME or not asked.shown_when):
                    return asked.name
        return ""

    def service_name(self, answers: Mapping[str, Any]) -> str:
        """Return the service's name as it was answered."""
        answer = str(answers.get(self.name_field, ""))
        kinds = {f.name: f.kind for f in self.fields}
        if kinds.get(self.name_field) is FieldKind.REPOSITORY:
            return parse_repo_url(answer).get("repo", "")
        return answer

    def repository(self, answers: Mapping[str, Any]) -> str:
        """Return `owner/name` of the repository that was asked for; '' where that is no question."""
        for name, asked in self.shown(answers).items():
            if asked.kind is FieldKind.REPOSITORY and answers.get(name):
                return project_slug(answers[name])
        return ""

    def without_secrets(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return what of the answers may be kept."""
        secret = {f.name for f in self.fields if f.kind is FieldKind.SECRET}
        return {name: value for name, value in answers.items() if name not in secret}

    def shown(self, answers: Mapping[str, Any]) -> dict[str, Field]:
        """Return the fields that these answers lead to, by name."""
        shown: dict[str, Field] = {}
        for asked in self.fields:
            if asked.name not in shown and asked.is_shown(answers):
                shown[asked.name] = asked
        return shown
