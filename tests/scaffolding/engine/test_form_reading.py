from __future__ import annotations

import textwrap

import pytest

from flagstone.scaffolding.engine.form_reading import build_form, with_a_name
from flagstone.scaffolding.engine.forms import Choice, Condition, FieldKind, Form
from flagstone.scaffolding.engine.template import ParameterPage
from flagstone.scaffolding.engine.yaml_source import read
from flagstone.scaffolding.errors import TemplateError


def form(*pages: str) -> Form:
    places = [read(textwrap.dedent(page).encode(), file="x/template.yaml") for page in pages]
    return build_form([ParameterPage(p.get("title").text(), "", p) for p in places])


def field(schema: str):
    return form("properties:\n  it:\n" + textwrap.indent(textwrap.dedent(schema), "    ")).fields[0]


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ("type: string", FieldKind.TEXT),
        ("title: no type", FieldKind.TEXT),
        ("{type: string, ui:widget: textarea}", FieldKind.TEXTAREA),
        ("type: integer", FieldKind.INTEGER),
        ("type: number", FieldKind.NUMBER),
        ("type: boolean", FieldKind.BOOLEAN),
        ("{type: boolean, enum: [true]}", FieldKind.BOOLEAN),
        ("{type: string, enum: [a, b]}", FieldKind.CHOICE),
        ("{type: integer, enum: [1, 2]}", FieldKind.CHOICE),
        ("{type: string, oneOf: [{const: a, title: The a}]}", FieldKind.CHOICE),
        (
            "{type: array, items: {type: string, enum: [a, b]}, uniqueItems: true}",
            FieldKind.CHOICES,
        ),
        ("{type: array, items: {type: string}}", FieldKind.LIST),
        ("type: object", FieldKind.OBJECT),
        ("{type: string, ui:field: EntityNamePicker}", FieldKind.NAME),
        ("{type: string, ui:field: OwnerPicker}", FieldKind.OWNER),
        ("{type: string, ui:field: EntityPicker}", FieldKind.ENTITY),
        ("{type: array, ui:field: MultiEntityPicker}", FieldKind.ENTITIES),
        ("{type: array, ui:field: EntityTagsPicker}", FieldKind.TAGS),
        ("{type: string, ui:field: RepoUrlPicker}", FieldKind.REPOSITORY),
    ],
)
def test_the_kind_of_a_field(schema, kind):
    assert field(schema).kind is kind


def test_everything_that_is_said_about_a_field():
    found = field("""
        title: Size
        type: string
        description: How big
        default: m
        enum: [s, m]
        enumNames: [Small, Medium]
        ui:widget: radio
        ui:help: Ask Maria
        ui:placeholder: m
        ui:autofocus: true
        ui:options: {rows: 7, catalogFilter: {kind: Group}}
        errorMessage: {enum: choose a size that we sell}
    """)
    assert (found.label, found.description, found.help, found.placeholder) == (
        "Size",
        "How big",
        "Ask Maria",
        "m",
    )
    assert (found.default, found.widget, found.autofocus, found.rows) == ("m", "radio", True, 7)
    assert found.choices == (Choice("s", "Small"), Choice("m", "Medium"))
    assert found.options["catalogFilter"] == {"kind": "Group"}
    assert found.messages == {"enum": "choose a size that we sell"}


def test_a_label_is_made_from_the_key_when_there_is_no_title():
    assert field("type: string").label == "It"


@pytest.mark.parametrize(
    ("choice", "key"),
    [(Choice("a", "A"), "a"), (Choice(1, "One"), "1"), (Choice(True, "Yes"), "true")],
)
def test_what_a_browser_sends_for_a_choice(choice, key):
    assert choice.key == key


def test_the_field_called_name_is_the_name_unless_a_picker_is():
    assert form("properties: {name: {type: string}}").name_field == "name"
    assert (
        form(
            "properties: {name: {type: string}, id: {type: string, ui:field: EntityNamePicker}}"
        ).name_field
        == "id"
    )
    assert form("properties: {other: {type: string}}").name_field == ""


def test_the_name_is_always_required():
    for schema in ("{name: {type: string}}", "{id: {type: string, ui:field: EntityNamePicker}}"):
        assert form(f"properties: {schema}").fields[0].required


def test_the_name_cannot_depend_on_an_answer():
    page = """
        properties: {kind: {type: boolean}}
        dependencies:
          kind:
            properties:
              id: {type: string, ui:field: EntityNamePicker}
    """
    with pytest.raises(TemplateError, match="line 6: the service's name is always asked for"):
        form(page)


def test_pages_keep_their_order_and_fields_the_wished_one():
    made = form(
        "title: One\nproperties: {a: {type: string}, b: {type: string}, c: {type: string}}\nui:order: [c, a]",
        "title: Two\nproperties: {d: {type: string}}\nrequired: [d]",
    )
    assert [(page.title, [f.name for f in page.fields]) for page in made.pages] == [
        ("One", ["c", "a", "b"]),
        ("Two", ["d"]),
    ]
    assert [f.required for f in made.fields] == [False, False, False, True]


DEPENDENT = """
    properties:
      kind: {type: string, enum: [http, worker]}
      public: {type: boolean}
      host: {type: string}
    dependencies:
      host: [kind]
      public:
        properties: {domain: {type: string}}
      kind:
        oneOf:
          - properties:
              kind: {enum: [worker]}
              queue: {type: string}
            required: [queue]
          - properties:
              kind: {const: http}
              port: {type: integer}
              tls: {type: boolean}
            dependencies:
              tls:
                oneOf:
                  - properties: {tls: {enum: [true]}, certificate: {type: string}}
                  - properties: {tls: {enum: [false]}}
"""


def test_dependencies_say_when_a_question_is_asked():
    made = {f.name: f for f in form(DEPENDENT).fields}
    assert list(made) == ["kind", "public", "host", "domain", "queue", "port", "tls", "certificate"]
    assert made["kind"].required_when == (Condition("host"),)
    assert made["domain"].shown_when == (Condition("public"),)
    assert (made["queue"].shown_when, made["queue"].required) == (
        (Condition("kind", ("worker",)),),
        True,
    )
    assert made["certificate"].shown_when == (
        Condition("kind", ("http",)),
        Condition("tls", (True,)),
    )


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        ({}, ["kind", "public", "host"]),
        ({"kind": "worker"}, ["kind", "public", "host", "queue"]),
        ({"kind": "http"}, ["kind", "public", "host", "port", "tls"]),
        ({"kind": "http", "tls": True}, ["kind", "public", "host", "port", "tls", "certificate"]),
        (
            {"kind": "http", "tls": False, "public": False},
            ["kind", "public", "host", "domain", "port", "tls"],
        ),
    ],
)
def test_which_questions_the_answers_lead_to(answers, shown):
    assert list(form(DEPENDENT).shown(answers)) == shown


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("oneOf: []", "line 1: a page of parameters cannot have 'oneOf'"),
        (
            "allOf:\n  - if: {properties: {a: {minimum: 3}}}\n    then: {}",
            "line 2: a condition on 'a' needs a 'const' or an 'enum'",
        ),
        (
            "if: {properties: {a: {const: 1}, b: {const: 2}}}\nelse: {}",
            "line 2: an 'else' needs an 'if' with one property",
        ),
        ("properties:\n  a: {$ref: 'http://x/y.json'}", "line 2: properties.a cannot have '$ref'"),
        (
            "properties:\n  a:\n    allOf:\n      - {$ref: '#'}",
            "line 4: properties.a cannot have '$ref'",
        ),
        (
            "properties:\n  a:\n    type: object\n    properties: {b: {$ref: '#'}}",
            "line 4: properties.a cannot have '$ref'",
        ),
        (
            "properties:\n  a:\n    not: {$schema: 'http://json-schema.org/draft-04/schema#'}",
            "line 3: properties.a cannot have '$schema'",
        ),
        (
            f"properties:\n  a: {{type: string, pattern: ^(a|aa)+$, default: {'a' * 60}!}}",
            "line 2: the default of 'a' could not be checked in time: its pattern ^(a|aa)+$ ",
        ),
        ("properties:\n  a:\n    anyOf: []", "line 3: properties.a is not a JSON Schema"),
        (
            "properties:\n  a:\n    minLength: many",
            "line 3: properties.a is not a JSON Schema: 'many' is not of type 'integer'",
        ),
        (
            "properties:\n  a:\n    pattern: '['",
            "line 3: properties.a is not a JSON Schema: '[' is not a 'regex'",
        ),
        ("properties:\n  a:\n    type: 7", "line 3: properties.a is not a JSON Schema"),
        ("properties:\n  a:\n    type: 'null'", "line 3: a question cannot have the type null"),
        (
            "properties:\n  a:\n    type: integer\n    default: two",
            "line 4: the default of 'a' does not fit its own schema",
        ),
        (
            "properties:\n  _a: {type: string}",
            "line 2: '_a' starts with '_': such keys are private to templates",
        ),
        (
            "properties: {a: {type: string}}\nrequired: [b]",
            "line 2: 'b' is required but not among the properties",
        ),
        ("properties: {a: text}", "line 1: properties.a must be a mapping"),
    ],
)
def test_a_question_that_cannot_be_asked_names_its_line(page, message):
    with pytest.raises(TemplateError) as caught:
        form(page)
    assert caught.value.message.startswith(f"x/template.yaml, {message}")


# --- what Backstage's templates do


def shown_with(text, **answers):
    return list(form(text).shown(answers))


CONDITIONAL = """
properties:
  includeName: {type: boolean}
dependencies:
  includeName:
    allOf:
      - if: {properties: {includeName: {const: true}}}
        then:
          properties: {lastName: {type: string}}
          required: [lastName]
        else:
          properties: {nickName: {type: string}}
"""


def test_if_then_else_in_a_dependency():
    assert shown_with(CONDITIONAL, includeName=True) == ["includeName", "lastName"]
    assert shown_with(CONDITIONAL, includeName=False) == ["includeName", "nickName"]
    asked = {f.name: f for f in form(CONDITIONAL).fields}
    assert asked["lastName"].required
    assert not asked["nickName"].required


def test_if_then_of_a_page():
    page = """
properties: {kind: {type: string, enum: [a, b, c]}, on: {type: boolean}}
allOf:
  - if: {properties: {kind: {enum: [a, b]}, on: {const: true}}}
    then: {properties: {both: {type: string}}}
  - if: {properties: {kind: {not: {const: c}}}}
    then: {properties: {notC: {type: string}}}
  - properties: {always: {type: string}}
if: {required: [kind]}
then: {properties: {answered: {type: string}}}
"""
    assert shown_with(page, kind="a", on=True) == [
        "kind", "on", "answered", "both", "notC", "always",
    ]  # fmt: skip
    assert shown_with(page, kind="c", on=True) == ["kind", "on", "answered", "always"]
    assert shown_with(page) == ["kind", "on", "notC", "always"]


def test_a_field_may_depend_on_another_page():
    built = form(
        "properties: {database: {type: string, enum: [none, sql], default: none}}",
        """
properties: {team: {type: string}}
dependencies:
  database:
    oneOf:
      - properties: {database: {enum: [none]}}
      - properties: {database: {enum: [sql]}, size: {type: integer}}
        required: [size]
""",
    )
    assert list(built.shown({"database": "none"})) == ["database", "team"]
    assert list(built.shown({"database": "sql"})) == ["database", "team", "size"]


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ("{type: string, ui:field: SomebodysOwnPicker}", FieldKind.TEXT),
        ("{type: string, ui:widget: password}", FieldKind.SECRET),
        ("{type: string, ui:field: Secret}", FieldKind.SECRET),
        ("{type: string, ui:field: RepoUrlPicker}", FieldKind.REPOSITORY),
        ("{type: [string, 'null']}", FieldKind.TEXT),
        ("{type: array, items: {type: object}}", FieldKind.OBJECT),
        ("{properties: {a: {type: string}}}", FieldKind.OBJECT),
        ("{type: string, anyOf: [{const: a, title: A}, {const: b}]}", FieldKind.CHOICE),
        ("{type: string, anyOf: [{minLength: 3}, {maxLength: 1}]}", FieldKind.TEXT),
    ],
)
def test_kinds_of_others(schema, kind):
    (asked,) = form(f"properties: {{a: {schema}}}").fields
    assert asked.kind is kind


def test_a_default_of_another_type_is_read_as_text():
    (asked,) = form("properties: {a: {type: string, default: 8080}}").fields
    assert asked.default == "8080"


@pytest.mark.parametrize("name", ["component_id", "appName", "project_name"])
def test_the_question_for_the_name_is_found_by_what_others_call_it(name):
    built = form(f"properties: {{owner: {{type: string}}, {name}: {{type: string}}}}")
    assert built.name_field == name
    assert next(f for f in built.fields if f.name == name).required


def test_a_repository_names_the_service_where_nothing_else_does():
    built = with_a_name(form("properties: {repoUrl: {type: string, ui:field: RepoUrlPicker}}"))
    answers = {"repoUrl": "github.com?owner=acme&repo=shop"}
    assert (built.name_field, built.service_name(answers)) == ("repoUrl", "shop")
    assert built.repository(answers) == "acme/shop"


def test_a_name_is_asked_for_where_the_template_does_not():
    built = with_a_name(form("properties: {serviceName: {type: boolean}}"))
    assert (built.name_field, built.pages[0].title) == ("serviceName_", "Its name")
