from __future__ import annotations

import pytest

from flagstone.scaffolding.engine.answers import validate
from flagstone.scaffolding.engine.typed_answers import from_html, from_words
from flagstone.scaffolding.errors import AnswersInvalid
from tests.scaffolding.engine.test_form_reading import DEPENDENT, form

PAGE = """
    required: [name, owner]
    properties:
      name: {title: Name, type: string}
      owner: {title: Squad, type: string, ui:field: OwnerPicker}
      description: {title: What it does, type: string, maxLength: 20, default: It runs}
      notes: {type: string, ui:widget: textarea}
      replicas: {title: Pods, type: integer, minimum: 1, maximum: 9, default: 2}
      ratio: {type: number}
      public: {type: boolean}
      tier: {title: Tier, type: string, enum: ["1", "2"], enumNames: [first, second], default: "2"}
      peak: {type: integer, enum: [4, 6]}
      tools: {type: array, items: {type: string, enum: [a, b]}, uniqueItems: true}
      words: {type: array, items: {type: string}, minItems: 2}
      extra: {type: object}
      store:
        type: object
        required: [engine]
        properties: {engine: {enum: [sql, none]}, size: {type: object, properties: {gb: {type: integer}}}}
      zip: {title: Code, type: string, pattern: '^[0-9]+$', errorMessage: use digits only}
"""
FORM = form(PAGE)
GOOD = {"name": "checkout", "owner": "group:default/payments"}


def faults(answers):
    with pytest.raises(AnswersInvalid) as caught:
        validate(FORM, answers)
    return caught.value.faults


def test_good_answers_come_back_complete_with_defaults():
    assert validate(FORM, GOOD) == {**GOOD, "description": "It runs", "replicas": 2, "tier": "2"}


def test_every_type_of_answer():
    answers = {
        **GOOD,
        "description": "{{ 7*7 }} äöü",
        "notes": "two\r\nlines\n",
        "replicas": 3,
        "ratio": 0.5,
        "public": False,
        "tier": "1",
        "peak": 6,
        "tools": ["b"],
        "words": ["x", "y"],
        "extra": {"a": [1, {"b": None}]},
        "zip": "123",
    }
    assert validate(FORM, answers) == {**answers, "notes": "two\nlines\n"}


RULE = "use lower-case letters, digits and single dashes; it starts with a letter and has 3 to 63 characters"


@pytest.mark.parametrize(
    ("answers", "field", "fault"),
    [
        ({"name": None}, "name", "is needed"),
        ({"name": ""}, "name", "is needed"),
        ({"name": "Checkout"}, "name", RULE),
        ({"name": "../escape"}, "name", RULE),
        ({"name": "-rf"}, "name", RULE),
        ({"name": "{{ 7*7 }}"}, "name", RULE),
        ({"name": "caf\u00e9"}, "name", RULE),
        ({"name": "checkout\n"}, "name", "must be one line"),
        ({"name": "check\x00out"}, "name", "contains a control character"),
        ({"name": ["checkout"]}, "name", "must be a text"),
        ({"name": {"a": 1}}, "name", "must be a text"),
        ({"name": 7}, "name", "must be a text: write it in quotes"),
        ({"description": "two\nlines"}, "description", "must be one line"),
        ({"description": "x" * 21}, "description", "is longer than 20 characters"),
        (
            {"description": "half \ud800"},
            "description",
            "contains half of a character (a lone surrogate)",
        ),
        ({"notes": "bell \x07"}, "notes", "contains a control character"),
        ({"notes": "x" * 10_001}, "notes", "is longer than 10000 characters"),
        ({"owner": "x" * 501}, "owner", "is longer than 500 characters"),
        ({"replicas": "3"}, "replicas", "must be a whole number"),
        ({"replicas": 2.5}, "replicas", "must be a whole number"),
        ({"replicas": True}, "replicas", "must be a whole number"),
        ({"replicas": 0}, "replicas", "must be 1 or more"),
        ({"replicas": 10}, "replicas", "must be 9 or less"),
        ({"ratio": float("nan")}, "ratio", "contains a control character"),
        ({"public": "yes"}, "public", "must be yes or no"),
        ({"tier": "3"}, "tier", "must be one of first, second"),
        ({"tier": 3}, "tier", "must be one of first, second"),
        ({"tier": 2.0}, "tier", "must be a text: write it in quotes"),
        ({"tier": False}, "tier", "must be a text: write it in quotes"),
        ({"tier": ["2"]}, "tier", "must be one of first, second"),
        ({"peak": "7"}, "peak", "must be one of 4, 6"),
        ({"peak": "4"}, "peak", "must be one of 4, 6"),
        ({"peak": True}, "peak", "must be one of 4, 6"),
        ({"tools": [1]}, "tools", "must be one of a, b"),
        ({"tools": [1.5]}, "tools", "must be a text: write it in quotes"),
        ({"tools": ["c"]}, "tools", "must be one of a, b"),
        ({"tools": ["a", "a"]}, "tools", "must not name the same thing twice"),
        ({"tools": "a"}, "tools", "must be a list"),
        ({"words": ["x"]}, "words", "needs at least 2 entries"),
        ({"words": ["x", "y\nz"]}, "words", "must be one line"),
        ({"words": ["x"] * 300}, "words", "holds more than 200 values, or nests them too deeply"),
        ({"extra": "x"}, "extra", "must be a JSON object"),
        ({"store": {"size": {}}}, "store", "lacks engine"),
        ({"store": {"engine": "x"}}, "store", "at engine: must be one of sql, none"),
        (
            {"store": {"engine": "sql", "size": {"gb": "9"}}},
            "store",
            "at size/gb: must be a whole number",
        ),
        ({"zip": "12a"}, "zip", "use digits only"),
        ({"unknown": 1}, "unknown", "is not a question of this scaffold"),
        ({"_extensions": ["os"]}, "_extensions", "is private to templates and cannot be answered"),
        ({"__class__": "x"}, "__class__", "is private to templates and cannot be answered"),
        ({7: "x"}, "7", "is not the name of a question"),
    ],
)
def test_a_fault_is_told_at_its_field(answers, field, fault):
    assert faults({**GOOD, **answers}) == {field: [fault]}


def test_a_whole_number_is_the_choice_that_is_written_so():
    made = form(
        "properties:\n"
        "  version: {type: string, enum: ['18', '17', '3.10']}\n"
        "  several: {type: array, items: {type: string, enum: ['1', '2']}}\n"
        "  either: {enum: [1, '1', '2']}\n"
    )
    answers = validate(made, {"version": 17, "several": [2, "1"], "either": 1})
    assert answers == {"version": "17", "several": ["2", "1"], "either": 1}


def test_nesting_without_end_is_a_fault_and_no_crash():
    deep: dict = {}
    for _ in range(5000):
        deep = {"a": deep}
    assert faults({**GOOD, "extra": deep}) == {
        "extra": ["holds more than 200 values, or nests them too deeply"]
    }


def test_all_faults_are_told_at_once_with_the_labels_of_the_form():
    with pytest.raises(AnswersInvalid) as caught:
        validate(FORM, {"name": "Checkout", "replicas": 0})
    assert caught.value.message == f"Name: {RULE}. Squad: is needed. Pods: must be 1 or more."
    assert caught.value.code == "scaffold.answers_invalid"
    assert caught.value.params == {
        "fields": {"name": [RULE], "owner": ["is needed"], "replicas": ["must be 1 or more"]}
    }


def test_a_question_that_the_answers_hide_cannot_be_answered():
    with pytest.raises(AnswersInvalid) as caught:
        validate(form(DEPENDENT), {"kind": "http", "queue": "orders"})
    assert caught.value.faults == {"queue": ["is asked only when Kind is worker"]}


def test_a_question_that_another_answer_makes_necessary():
    with pytest.raises(AnswersInvalid) as caught:
        validate(form(DEPENDENT), {"host": "x"})
    assert caught.value.faults == {"kind": ["is needed"]}
    with pytest.raises(AnswersInvalid) as caught:
        validate(form(DEPENDENT), {"kind": "worker"})
    assert caught.value.faults == {"queue": ["is needed"]}


def test_conditions_reach_across_pages():
    made = form(
        "properties: {kind: {type: string, enum: [a, b], default: a}}\n"
        "dependencies: {kind: {oneOf: [{properties: {kind: {enum: [a]}, x: {type: string, default: dx}}}]}}",
        "properties: {y: {type: string}}\n"
        "dependencies: {x: {properties: {z: {type: string}}, required: [z]}}",
    )
    with pytest.raises(AnswersInvalid) as caught:
        validate(made, {})
    assert caught.value.faults == {"z": ["is needed"]}
    assert validate(made, {"kind": "b"}) == {"kind": "b"}


@pytest.mark.parametrize(
    ("posted", "answers"),
    [
        ({"name": [" checkout "]}, {"name": "checkout", "public": False}),
        ({"name": ["a", "b"]}, {"name": "b", "public": False}),
        ({"replicas": ["3"], "ratio": ["0.5"]}, {"replicas": 3, "ratio": 0.5, "public": False}),
        (
            {"replicas": ["three"], "ratio": ["nan"]},
            {"replicas": "three", "ratio": "nan", "public": False},
        ),
        ({"replicas": [""], "tier": [""]}, {"public": False}),
        ({"public": ["on"]}, {"public": True}),
        ({"public": ["false"]}, {"public": False}),
        ({"public": ["N"]}, {"public": False}),
        ({"public": [""]}, {"public": False}),
        ({"public": ["y"]}, {"public": True}),
        ({"public": ["maybe"]}, {"public": "maybe"}),
        ({"peak": ["6"], "tier": ["9"]}, {"peak": 6, "tier": "9", "public": False}),
        ({"tools": ["a", "b"]}, {"tools": ["a", "b"], "public": False}),
        ({"words": ["x, y\nz,,"]}, {"words": ["x", "y", "z"], "public": False}),
        ({"extra": ['{"a": 1}']}, {"extra": {"a": 1}, "public": False}),
        ({"extra": ["{"]}, {"extra": "{", "public": False}),
        ({"description": [""]}, {"description": "", "public": False}),
        ({"notes": [""]}, {"public": False}),
        ({"notes": [" kept \n"]}, {"notes": " kept \n", "public": False}),
        ({"surprise": ["x"]}, {"surprise": "x", "public": False}),
    ],
)
def test_a_browsers_strings_become_typed_answers(posted, answers):
    assert from_html(FORM, posted) == answers


def test_fields_that_the_answers_hide_are_left_out_of_what_a_browser_sent():
    posted = {"kind": ["http"], "queue": ["orders"], "port": ["80"]}
    assert from_html(form(DEPENDENT), posted) == {
        "kind": "http",
        "public": False,
        "port": 80,
        "tls": False,
    }


def test_words_of_a_command_line_are_answers_even_to_a_question_that_no_word_shows():
    words = {"queue": ["orders"], "port": ["80"], "x": ["y"]}
    assert from_words(form(DEPENDENT), words) == {"queue": "orders", "port": 80, "x": "y"}
    assert from_words(FORM, {"replicas": [""], "public": ["no"]}) == {"public": False}


def test_an_emptied_default_stays_empty():
    answers = from_html(FORM, {"name": ["checkout"], "owner": ["g"], "description": [""]})
    assert validate(FORM, answers)["description"] == ""


IN_A_REPOSITORY = """
properties:
  name: {title: Name, type: string}
  repoUrl: {title: Repository, type: string, ui:field: RepoUrlPicker}
"""


@pytest.mark.parametrize("repository", ["Shop.Web", ".github", "a", "_x"])
def test_a_repository_may_be_called_what_code_hosts_allow(repository):
    answers = {"name": "checkout", "repoUrl": f"github.com?owner=acme&repo={repository}"}
    assert validate(form(IN_A_REPOSITORY), answers) == answers


@pytest.mark.parametrize("repository", ["a..b", "..", "a b", "-x", "a%2Fb", "x" * 102])
def test_a_repository_may_not_be_called_what_is_no_name(repository):
    answers = {"name": "checkout", "repoUrl": f"github.com?owner=acme&repo={repository}"}
    with pytest.raises(AnswersInvalid, match="Repository: has a name that cannot be"):
        validate(form(IN_A_REPOSITORY), answers)


def test_a_repository_that_names_the_service_is_called_as_services_are():
    alone = form("properties: {repoUrl: {title: Where, type: string, ui:field: RepoUrlPicker}}")
    with pytest.raises(AnswersInvalid, match="Where: has a name that cannot be: use lower-case"):
        validate(alone, {"repoUrl": "github.com?owner=acme&repo=Shop"})


NESTED = form("""
    properties:
      name: {type: string}
      cfg:
        type: object
        required: [zeta]
        properties:
          zeta: {type: string, default: z}
          fixed: {const: v1}
          plain: {type: string}
          deep: {type: object, properties: {size: {type: integer, default: 3}}}
          bare: {type: object, properties: {size: {type: integer}}}
      own:
        type: object
        default: {a: mine}
        properties: {a: {type: string, default: theirs}, b: {type: string, default: b}}
      bare: {type: object, properties: {size: {type: integer}}}
      ports:
        type: array
        items: {type: object, properties: {number: {type: integer}, protocol: {type: string, default: tcp}}}
""")
FILLED = {"zeta": "z", "fixed": "v1", "deep": {"size": 3}}


def test_defaults_of_nested_properties_are_filled_in_where_nothing_is_said():
    assert validate(NESTED, {"name": "shop"}) == {
        "name": "shop",
        "cfg": FILLED,
        "own": {"a": "mine", "b": "b"},
    }


@pytest.mark.parametrize(
    ("given", "complete"),
    [
        ({"cfg": {}}, {"cfg": FILLED}),
        ({"cfg": {"zeta": "y"}}, {"cfg": FILLED | {"zeta": "y"}}),
        ({"cfg": {"deep": {"other": 1}}}, {"cfg": FILLED | {"deep": {"other": 1, "size": 3}}}),
        ({"cfg": {"bare": {}}}, {"cfg": FILLED | {"bare": {}}}),
        ({"own": {"b": ""}}, {"own": {"a": "mine", "b": ""}}),
        (
            {"ports": [{"number": 80}, {"number": 53, "protocol": "udp"}]},
            {"ports": [{"number": 80, "protocol": "tcp"}, {"number": 53, "protocol": "udp"}]},
        ),
    ],
)
def test_an_object_that_is_given_in_part_keeps_what_it_says(given, complete):
    found = validate(NESTED, {"name": "shop"} | given)
    assert {key: found[key] for key in given} == complete


def test_a_nested_value_of_the_wrong_type_is_told_and_not_filled():
    with pytest.raises(AnswersInvalid) as caught:
        validate(NESTED, {"name": "shop", "cfg": ["a"]})
    assert caught.value.faults == {"cfg": ["must be a JSON object"]}


def test_an_answer_whose_pattern_never_ends_is_refused():
    slow = form("properties: {name: {type: string}, x: {type: string, pattern: ^(a|aa)+$}}")
    with pytest.raises(AnswersInvalid) as caught:
        validate(slow, {"name": "checkout", "x": "a" * 60 + "!"})
    assert caught.value.faults == {
        "x": ["could not be checked in time: its pattern ^(a|aa)+$ takes too long"]
    }


FIXED = form("""
    required: [needed]
    properties:
      name: {type: string}
      region: {type: string, default: eu-west-1, ui:readonly: true}
      size: {type: string, enum: [s, m], default: m, ui:disabled: true}
      kind: {const: v1}
      count: {const: 3}
      on: {type: boolean, const: false}
      flag: {type: boolean, ui:readonly: true}
      empty: {type: string, ui:options: {readonly: true}}
      needed: {type: string, ui:readonly: true}
""")
SAID = {"name": "shop", "needed": "x"}
DECIDED = {"region": "eu-west-1", "size": "m", "kind": "v1", "count": 3, "on": False}


def test_what_the_template_decides_is_answered_by_it():
    assert validate(FIXED, SAID) == SAID | DECIDED
    assert validate(FIXED, SAID | DECIDED) == SAID | DECIDED
    posted = {name: [str(value).lower()] for name, value in DECIDED.items()}
    assert validate(FIXED, from_html(FIXED, posted) | SAID) == SAID | DECIDED


def test_what_the_template_decides_cannot_be_answered_otherwise():
    other = {
        "region": "", "size": "s", "kind": "v2", "count": 4, "on": True, "flag": True, "empty": "x"
    }  # fmt: skip
    with pytest.raises(AnswersInvalid) as caught:
        validate(FIXED, SAID | other)
    assert caught.value.faults == {
        "region": ['cannot be changed: the template says "eu-west-1"'],
        "size": ['cannot be changed: the template says "m"'],
        "kind": ['cannot be changed: the template says "v1"'],
        "count": ["cannot be changed: the template says 3"],
        "on": ["cannot be changed: the template says false"],
        "flag": ["cannot be changed: the template says null"],
        "empty": ["cannot be changed: the template says null"],
    }


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "email",
            ["ada@example.com", "a+b@host"],
            ["ada", "@example.com", "a@b c", "a@@b", "a@b."],
        ),
        ("date", ["2026-11-30"], ["2026-13-01", "30.11.2026", "2026-11-30T00:00:00Z", "20261130"]),
        (
            "date-time",
            ["2026-11-30T09:15:00Z", "2026-11-30t09:15:00.5+01:00"],
            ["2026-11-30", "2026-11-30T09:15:00", "2026-11-31T09:15:00Z"],
        ),
        (
            "uri",
            ["https://example.com/a?b=c#d", "urn:isbn:1", "mailto:a@b"],
            ["example.com", "/a", "https://", "https://a b", "http://[x"],
        ),
        ("ipv4", ["192.0.2.7"], ["192.0.2", "a"]),
        ("uuid", ["123e4567-e89b-12d3-a456-426614174000"], ["123"]),
        ("of-their-own", ["anything"], []),
    ],
)
def test_a_format_is_checked(name, good, bad):
    asked = form(f"properties: {{name: {{type: string}}, it: {{type: string, format: {name}}}}}")
    for answer in good:
        assert validate(asked, {"name": "shop", "it": answer})["it"] == answer
    for answer in bad:
        with pytest.raises(AnswersInvalid, match=r"It: must be "):
            validate(asked, {"name": "shop", "it": answer})


def test_a_format_is_told_with_an_example():
    asked = form("properties: {name: {type: string}, it: {type: string, format: date}}")
    with pytest.raises(AnswersInvalid) as caught:
        validate(asked, {"name": "shop", "it": "tomorrow"})
    assert caught.value.faults == {"it": ["must be a day such as 2026-11-30"]}


def test_a_default_that_does_not_fit_its_format_is_told_when_it_is_given_only():
    asked = form("properties: {name: {type: string}, it: {type: string, format: uri, default: x}}")
    assert asked.fields[1].default == "x"


def test_an_object_that_is_nested_without_end_is_no_object():
    answers = from_html(FORM, {"name": ["checkout"], "extra": ["[" * 100_000]})
    assert answers["extra"] == "[" * 100_000
    assert faults({**GOOD, "extra": answers["extra"]}) == {
        "extra": ["is longer than 10000 characters"]
    }
