from __future__ import annotations

from typing import Any

from flagstone.scaffolding.engine.forms import Choice, Condition, Field, FieldKind, Form, Page
from flagstone.scaffolding.engine.typed_answers import from_html
from flagstone.web.forms.questions import (
    Option,
    OptionGroup,
    Question,
    Section,
    as_posted,
    defaults,
    posted_answers,
    sections_of,
)


def field(name: str, kind: FieldKind = FieldKind.TEXT, **more: Any) -> Field:
    return Field(name=name, kind=kind, label=name.capitalize(), schema={}, **more)


STORE = field(
    "store",
    FieldKind.CHOICE,
    choices=(Choice("none", "None"), Choice("sql", "SQL - one database a service")),
    default="none",
)
FORM = Form(
    (
        Page("The service", "", (field("name", FieldKind.NAME, required=True), STORE)),
        Page(
            "Storage",
            "What it keeps",
            (
                field("size", FieldKind.INTEGER, shown_when=(Condition("store", ("sql",)),)),
                field("tags", FieldKind.TAGS, default=["a", "b"]),
                field("public", FieldKind.BOOLEAN, default=True),
            ),
        ),
    )
)


def laid_out(posted: dict[str, list[str]], **more: Any) -> list[Section]:
    arguments: dict[str, Any] = {"pickable": {}, "faults": {}} | more
    return sections_of(FORM, posted, from_html(FORM, posted), **arguments)


def questions(posted: dict[str, list[str]], **more: Any) -> dict[str, Question]:
    return {q.asked.name: q for section in laid_out(posted, **more) for q in section.questions}


def test_only_answers_are_taken_from_what_the_browser_sent() -> None:
    sent = {
        "csrfmiddlewaretoken": ["x"],
        "key": ["k"],
        "answer.name": ["a\r\nb"],
        "answer.key": ["z"],
    }
    assert posted_answers(sent.items()) == {"name": ["a\nb"], "key": ["z"]}


def test_defaults_fill_the_form() -> None:
    assert defaults(FORM) == {"store": ["none"], "tags": ["a, b"], "public": ["true"]}


def test_answers_survive_the_way_to_the_browser_and_back() -> None:
    answers = {"name": "refunds", "store": "sql", "size": 5, "tags": ["x", "y"], "public": False}
    assert from_html(FORM, as_posted(FORM, answers)) == answers


def test_what_was_typed_is_kept_as_it_was() -> None:
    asked = questions({"name": [" Bad Name "], "store": ["sql"], "size": ["a lot"]})
    assert (asked["name"].value, asked["size"].value) == (" Bad Name ", "a lot")


def test_a_question_waits_for_the_answer_that_leads_to_it() -> None:
    assert not questions({"store": ["none"]})["size"].is_shown
    size = questions({"store": ["sql"]})["size"]
    assert size.is_shown
    assert size.waits_for == "Store is sql"
    assert size.conditions == '[["answer.store", ["sql"], false]]'


def test_a_label_and_its_note_are_two_things() -> None:
    assert questions({})["store"].groups == (
        OptionGroup("", (Option("none", "None"), Option("sql", "SQL", "one database a service"))),
    )


def test_each_kind_has_its_control() -> None:
    def control(kind: FieldKind, **more: Any) -> str:
        groups = more.pop("groups", ())
        return Question(field("x", kind, **more), groups=groups).control

    squads = (OptionGroup("", (Option("group:default/a", "A"),)),)
    assert control(FieldKind.BOOLEAN) == "tick"
    assert control(FieldKind.CHOICE, widget="radio", groups=squads) == "radios"
    assert control(FieldKind.CHOICE, groups=squads) == "select"
    assert control(FieldKind.CHOICES, groups=squads) == "ticks"
    assert control(FieldKind.OBJECT) == "area"
    assert control(FieldKind.NUMBER) == "number"
    closed = {"allowArbitraryValues": False}
    assert control(FieldKind.OWNER, groups=squads, options=closed) == "select"
    assert control(FieldKind.OWNER, groups=squads) == "text"
    assert control(FieldKind.OWNER, options=closed) == "text"
    assert control(FieldKind.ENTITIES, groups=squads, options=closed) == "ticks"
    assert control(FieldKind.ENTITIES, groups=squads) == "text"
    assert control(FieldKind.NAME) == "text"


def test_how_an_answer_is_written_is_told_where_its_field_does_not_show_it() -> None:
    def told(kind: FieldKind, **more: Any) -> str:
        return Question(field("x", kind, **more)).how_to_write

    assert told(FieldKind.OBJECT) == 'As JSON, such as "…"'
    assert told(FieldKind.TAGS) == told(FieldKind.LIST) == "Several are separated by commas."
    assert told(FieldKind.CHOICES) == told(FieldKind.TEXT) == ""
    assert told(FieldKind.OBJECT, is_readonly=True, default={}) == ""


def test_an_answer_that_cannot_be_chosen_is_told_from_one_that_can() -> None:
    pickable = {"name": [OptionGroup("", (Option("a", "A"),))]}
    assert questions({"name": ["gone"]}, pickable=pickable)["name"].is_unknown
    assert not questions({"name": ["a"]}, pickable=pickable)["name"].is_unknown
    assert not questions({"name": [""]}, pickable=pickable)["name"].is_unknown


def test_a_fault_in_a_templates_own_words_keeps_no_full_stop() -> None:
    asked = questions({}, faults={"name": ["Use lower-case letters.", "is needed"]})["name"]
    assert asked.errors == ("Use lower-case letters", "is needed")


def test_a_section_counts_its_faults() -> None:
    faults = {"name": ["is needed", "is odd"], "size": ["must be 3 or more"]}
    sections = laid_out({}, faults=faults)
    assert [(section.title, section.faults) for section in sections] == [
        ("The service", 1),
        ("Storage", 1),
    ]


def test_what_the_template_decides_is_drawn_without_a_control() -> None:
    form = Form(
        (
            Page(
                "It",
                "",
                (
                    field("region", default="eu", is_readonly=True),
                    field("on", FieldKind.BOOLEAN, default=True, is_readonly=True),
                    field(
                        "size",
                        FieldKind.CHOICE,
                        choices=(Choice("m", "Medium"),),
                        default="m",
                        is_readonly=True,
                    ),
                    field("none", is_readonly=True),
                    field("needed", is_readonly=True, required=True),
                ),
            ),
        )
    )
    (section,) = sections_of(form, {"region": ["us"]}, {}, pickable={}, faults={})
    assert [(q.control, q.values, q.fixed_text) for q in section.questions] == [
        ("fixed", ("eu",), "eu"),
        ("fixed", ("true",), "Yes"),
        ("fixed", ("m",), "Medium"),
        ("fixed", (), ""),
        ("text", (), ""),
    ]


def test_yes_or_no_may_be_two_radios() -> None:
    asked = field("public", FieldKind.BOOLEAN, widget="radio")
    form = Form((Page("It", "", (asked,)),))
    (section,) = sections_of(form, {"public": ["false"]}, {}, pickable={}, faults={})
    (question,) = section.questions
    assert question.control == "radios"
    assert question.groups == (OptionGroup("", (Option("true", "Yes"), Option("false", "No"))),)
    assert from_html(form, {"public": ["false"]}) == {"public": False}
    assert from_html(form, {"public": ["true"]}) == {"public": True}


def test_a_line_has_the_type_of_its_format() -> None:
    def drawn(value: str = "", schema: Any = None, **more: Any) -> str:
        asked = Field(name="x", kind=FieldKind.TEXT, label="X", schema=schema or {}, **more)
        return Question(asked, values=(value,)).input_type

    assert drawn() == "text"
    assert drawn(schema={"format": "email"}) == "email"
    assert drawn(schema={"format": "date"}) == drawn(widget="date") == "date"
    assert drawn("2026-11-30", {"format": "date"}) == "date"
    assert drawn("30.11.2026", {"format": "date"}) == "text"
    assert drawn("#00ff00", widget="color") == "color"
    assert drawn(widget="color") == "text"
