"""Finishing a context by cookiecutter's own rules; what cookiecutter itself does is in test_equivalence."""

from __future__ import annotations

import pytest

from flagstone.scaffolding.engine.context import ContextError, finish_context
from flagstone.scaffolding.engine.sandbox import environment_for

NEUTRAL = {"_template": "", "_output_dir": ".", "_repo_dir": "", "_checkout": None}


def finish(declared, given=None):
    return finish_context(declared, given or {}, environment_for({}))


def values(declared, given=None):
    finished = finish(declared, given)["cookiecutter"]
    return {key: value for key, value in finished.items() if key not in NEUTRAL}


HOSTILE = "{{ 7*7 }} {% raw %} {# no #} {{ cookiecutter.name }} ${{ x }} '\"\\"


@pytest.mark.parametrize("hostile", [HOSTILE, "{{ ''.__class__ }}", "{%", "}}", "{{"])
def test_an_answer_is_never_rendered(hostile):
    declared = {"name": "x", "copy": "{{ cookiecutter.name }}", "d": {"k": "v"}, "kind": ["a", "b"]}
    assert values(declared, {"name": hostile, "d": {"k": hostile, hostile: hostile}}) == {
        "name": hostile,
        "copy": hostile,
        "d": {"k": hostile, hostile: hostile},
        "kind": "a",
    }


def test_defaults_are_rendered_in_their_order():
    declared = {
        "name": "My App",
        "slug": "{{ cookiecutter.name | lower | replace(' ', '-') }}",
        "module": "{{ cookiecutter.slug | replace('-', '_') }}",
        "year": 2026,
        "nothing": None,
    }
    assert values(declared, {"name": "Big One"}) == {
        "name": "Big One",
        "slug": "big-one",
        "module": "big_one",
        "year": "2026",
        "nothing": None,
    }


def test_mappings_come_last_and_may_refer_to_everything():
    declared = {"d": {"{{ cookiecutter.z }}": ["{{ cookiecutter.z }}"]}, "z": "end"}
    finished = values(declared)
    assert finished == {"d": {"end": ["end"]}, "z": "end"}
    assert list(finished) == ["d", "z"]


def test_private_keys_are_raw_and_doubly_private_ones_rendered():
    declared = {"name": "x", "_raw": "{{ cookiecutter.name }}", "__done": "{{ cookiecutter.name }}"}
    assert values(declared) == {"name": "x", "_raw": "{{ cookiecutter.name }}", "__done": "x"}


def test_a_doubly_private_list_is_no_choice():
    assert values({"__all": ["{{ 1 + 1 }}", "b"]}) == {"__all": ["2", "b"]}


@pytest.mark.parametrize(
    ("given", "chosen"),
    [({}, "http-8080"), ({"kind": "worker"}, "worker"), ({"kind": "http-8080"}, "http-8080")],
)
def test_a_choice_takes_the_first_or_the_given(given, chosen):
    declared = {"port": "8080", "kind": ["http-{{ cookiecutter.port }}", "worker"]}
    assert values(declared, given)["kind"] == chosen


def test_the_raw_values_stand_under_their_own_key_with_the_choice_first():
    finished = finish(
        {"name": "x", "kind": ["a", "b", "c"], "on": False, "_p": 1}, {"kind": "b", "on": "yes"}
    )
    assert finished["_cookiecutter"] == {"name": "x", "kind": ["b", "a", "c"], "on": True}


@pytest.mark.parametrize(
    ("word", "result"),
    [("yes", True), ("ON", True), ("1", True), ("no", False), ("f", False), (True, True)],
)
def test_a_yes_or_no(word, result):
    assert values({"on": not result}, {"on": word}) == {"on": result}


@pytest.mark.parametrize(
    ("given", "result"),
    [
        (8080, "8080"),
        (1.5, "1.5"),
        (True, True),
        (None, None),
        (["a", 1], ["a", "1"]),
        ({"a": 1}, {"a": "1"}),
    ],
)
def test_given_values_get_cookiecutters_types(given, result):
    assert values({"x": "default"}, {"x": given}) == {"x": result}


def test_a_mapping_is_given_key_by_key():
    declared = {
        "db": {"host": "{{ cookiecutter.name }}-db", "port": "5432", "ssl": True},
        "name": "shop",
    }
    assert values(declared, {"db": {"port": "6000", "ssl": "no", "pool": 4}})["db"] == {
        "host": "shop-db",
        "port": "6000",
        "ssl": False,
        "pool": "4",
    }


def test_a_value_that_nothing_declares_comes_along_as_data():
    extra = {"words": ["{{ cookiecutter.name }}", 1], "db": {"{{ 7 }}": True}, "text": "{% raw %}"}
    made = finish({"name": "x"}, extra)
    assert made["cookiecutter"] == {
        "name": "x",
        "words": ["{{ cookiecutter.name }}", "1"],
        "db": {"{{ 7 }}": True},
        "text": "{% raw %}",
        **NEUTRAL,
    }
    assert made["_cookiecutter"] == {"name": "x", **extra}


def test_prompts_are_not_part_of_the_context():
    assert values({"name": "x", "__prompts__": {"name": "Which?"}}) == {"name": "x"}


def test_nothing_of_this_machine_is_in_a_context():
    assert finish({"name": "x"})["cookiecutter"] == {"name": "x", **NEUTRAL}


@pytest.mark.parametrize(
    ("declared", "given", "message"),
    [
        (
            {"name": "x", "_extensions": []},
            {"_extensions": ["os"]},
            "'_extensions' is private to the template and cannot be given",
        ),
        (
            {"name": "x", "__y": "1"},
            {"__y": "2"},
            "'__y' is private to the template and cannot be given",
        ),
        ({"kind": ["a", "b"]}, {"kind": "c"}, "'kind' must be one of a, b"),
        ({"kind": []}, {}, "'kind' has an empty list of choices"),
        ({"on": True}, {"on": "perhaps"}, "'on' must be yes or no"),
        (
            {"a": "{{ cookiecutter.b }}"},
            {},
            "'a' has a default that cannot be rendered: 'dict object' has no attribute 'b'",
        ),
        (
            {"a": "{{ 'x' + 1 }}"},
            {},
            "'a' has a default that cannot be rendered: can only concatenate str (not \"int\") to str",
        ),
        (
            {"a": "{{ ().__class__.__bases__ }}"},
            {},
            "'a' has a default that cannot be rendered: access to attribute '__class__' of 'tuple' object is unsafe.",
        ),
        (
            {"a": "{% for %}"},
            {},
            "'a' has a default that cannot be rendered: Expected an expression, got 'end of statement block'",
        ),
        (
            {"templates": {"a": {"path": "./a"}}},
            {},
            "'templates' chooses among nested templates; use the inner one as the layer",
        ),
    ],
)
def test_what_cannot_be_finished_names_the_variable(declared, given, message):
    with pytest.raises(ContextError) as caught:
        finish(declared, given)
    assert str(caught.value) == message
