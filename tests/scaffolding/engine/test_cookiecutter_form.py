from __future__ import annotations

import pytest
import yaml

from flagstone.scaffolding.engine.cookiecutter_form import Described, template_of
from flagstone.scaffolding.engine.form_reading import build_form
from flagstone.scaffolding.engine.forms import FieldKind
from flagstone.scaffolding.engine.template import parse_template
from flagstone.scaffolding.errors import TemplateError

DEMO = Described("demo", "A demo", "It shows")


def form_of(declared):
    content = template_of(declared, DEMO, file="demo/cookiecutter.json")
    return build_form(parse_template(content, label="demo/cookiecutter.json").pages)


def the_question(**declared):
    (key,) = (name for name in declared if not name.startswith("_"))
    return next(f for f in form_of(declared).fields if f.name == key)


def test_every_service_is_asked_for_its_name_and_squad():
    form = form_of({"name": "x"})
    assert [(f.name, f.kind, f.required) for f in form.pages[0].fields] == [
        ("serviceName", FieldKind.NAME, True),
        ("serviceDescription", FieldKind.TEXT, False),
        ("serviceOwner", FieldKind.OWNER, True),
    ]
    assert [f.name for f in form.pages[1].fields] == ["name"]


def test_a_template_that_asks_for_nothing_has_one_page():
    assert len(form_of({"_extensions": []}).pages) == 1


def test_a_template_may_have_our_questions_names_itself():
    form = form_of({"serviceName": "x", "serviceOwner": "y"})
    assert [f.name for f in form.pages[0].fields] == [
        "serviceName_", "serviceDescription", "serviceOwner_",
    ]  # fmt: skip
    assert form.name_field == "serviceName_"


@pytest.mark.parametrize(
    ("value", "kind", "default"),
    [
        ("My Shop", FieldKind.TEXT, "My Shop"),
        ("", FieldKind.TEXT, None),
        (8080, FieldKind.TEXT, "8080"),
        (1.5, FieldKind.TEXT, "1.5"),
        (None, FieldKind.TEXT, None),
        ("two\nlines", FieldKind.TEXTAREA, "two\nlines"),
        (True, FieldKind.BOOLEAN, True),
        (False, FieldKind.BOOLEAN, False),
        (["a", "b"], FieldKind.CHOICE, "a"),
        ({"host": "db"}, FieldKind.OBJECT, {"host": "db"}),
        ("{{ cookiecutter.x }}", FieldKind.TEXT, None),
        ("{% now 'local' %}", FieldKind.TEXT, None),
        ({"{{ cookiecutter.x }}": 1}, FieldKind.OBJECT, None),
        (["{{ cookiecutter.x }}", "b"], FieldKind.CHOICE, None),
    ],
)
def test_each_kind_of_variable_is_asked_as_cookiecutter_asks_it(value, kind, default):
    question = the_question(key=value)
    assert (question.kind, question.default, question.required) == (kind, default, False)
    assert question.options.get("derived", False) is ("{{" in str(value) or "{%" in str(value))


def test_what_starts_with_an_underscore_is_not_asked():
    form = form_of({"name": "x", "_private": "y", "__derived": "{{ cookiecutter.name }}"})
    assert [f.name for f in form.pages[1].fields] == ["name"]


def test_prompts_name_questions_and_options_without_their_markup():
    question = the_question(
        license=["mit", "bsd", 3],
        __prompts__={
            "license": {
                "__prompt__": "[bold]Which[/bold] license",
                "mit": "[link=https://example.com]MIT[/link] License",
            }
        },
    )
    assert question.label == "Which license"
    assert [(c.value, c.label) for c in question.choices] == [
        ("mit", "MIT License"),
        ("bsd", "bsd"),
        ("3", "3"),
    ]


@pytest.mark.parametrize(
    ("key", "label"),
    [("project_slug", "Project slug"), ("use_ci", "Use CI"), ("Kind-of", "Kind of"), ("_", None)],
)
def test_a_question_without_a_prompt_is_named_after_its_key(key, label):
    if label is None:
        assert len(form_of({key: "x"}).pages) == 1
    else:
        assert the_question(**{key: "x"}).label == label


def test_an_option_that_comes_twice_is_offered_once():
    assert [c.value for c in the_question(key=["a", "b", "a"]).choices] == ["a", "b"]


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"key": []}, "demo/cookiecutter.json: 'key' offers an empty list of choices"),
        ({"key": "x", "__prompts__": ["x"]}, "demo/cookiecutter.json: '__prompts__' must be an"),
    ],
)
def test_what_cookiecutter_could_not_ask_is_refused(declared, sentence):
    with pytest.raises(TemplateError) as refused:
        form_of(declared)
    assert str(refused.value).startswith(sentence)


def test_keys_are_data_in_the_steps():
    declared = {"it's": "a", "a.b": "b", 'x"] }} {{ 1': "c", "back\\slash": "d"}
    template = parse_template(template_of(declared, DEMO, file="f"), label="f")
    assert set(template.steps[0].input["values"]) == set(declared)
    names = {lookup.name for lookup in template.lookups if lookup.before == 0}
    assert names == {f"parameters.{key}" for key in declared}


def test_the_template_is_written_in_backstages_form():
    document = yaml.safe_load(template_of({"name": "x"}, DEMO, file="f"))
    assert document["apiVersion"] == "scaffolder.backstage.io/v1beta3"
    assert document["metadata"]["title"] == "A demo"
    assert [step["action"] for step in document["spec"]["steps"]] == [
        "fetch:cookiecutter",
        "fetch:cookiecutter",
        "publish:repository",
        "publish:gitops:pull-request",
        "catalog:register",
    ]


@pytest.mark.parametrize("key", ["", " "])
def test_a_variable_without_a_name_is_refused(key):
    with pytest.raises(TemplateError, match="has a variable without a name"):
        template_of({key: "y"}, Described("demo", "A demo"), file="demo/cookiecutter.json")
