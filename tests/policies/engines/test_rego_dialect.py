"""What the engine understands otherwise than OPA, or not at all: written as it wants it, or said."""

from __future__ import annotations

import json

import pytest

from flagstone.policies.engines.rego_runner import RegoRunner
from flagstone.policies.engines.sources import RegoSource, SourceFault

INPUT = {"review": {"object": {"x": 1, "s": 'a"b', "l": [1, "x"]}}, "parameters": {"p": 2}}
LIB = """package lib.h
f(x) { x == 1 }
limit = 1
obj = {"a": {"b": 1}}
"""


def messages(rego, *libs, is_v1=False):
    runner = RegoRunner(RegoSource(rego, libs, is_v1, ()))
    return [found["msg"] for found in json.loads(runner.run(json.dumps(INPUT)))]


def holds(body, head=""):
    return messages(f'package d\n{head}\nviolation[{{"msg": "yes"}}] {{ {body} }}', LIB) == ["yes"]


@pytest.mark.parametrize(
    ("rules", "body"),
    [
        ("f(x) = 1 { x == 1 } { x == 2 }", "f(2) == 1"),
        ("f(x) = 1 { x == 1 } { x == 2 }", "f(1) == 1"),
        ("f(x) { x == 1 }\n{ x == 2 }\n{ x == 3 }", "f(1); f(2); f(3)"),
        ("r { false } { true }", "r"),
        ("s[x] { x := 1 } { x := 2 }", "s == {1, 2}"),
        ("r = {1} { true }", "r == {1}"),
        ('r = {"a": 1} { true } { false }', 'r == {"a": 1}'),
        ("g(x) = 1 { x == 1 } else = 2 { true }", "g(3) == 2"),
        ("h(x) = y { y := {x} } # a { b } { c }", "h(1) == {1}"),
    ],
)
def test_chained_bodies(rules, body):
    assert holds(body, rules)


def test_chained_bodies_of_the_rule_itself():
    rego = 'package d\nviolation[{"msg": msg}] { msg := "a" } { msg := "b" }'
    assert sorted(messages(rego)) == ["a", "b"]


def test_lines_stay_where_they_are():
    rego = "package d\nimport data.lib.h.f\nr { f(1) } { f(2) }\n\nviolation[x] { x := 1 + }"
    with pytest.raises(SourceFault) as caught:
        messages(rego, LIB)
    assert caught.value.line == 5


@pytest.mark.parametrize(
    ("imports", "body"),
    [
        ("import data.lib.h", "h.f(1); h.limit == 1; h.obj.a.b == 1"),
        ("import data.lib.h as q", "q.f(1)"),
        ("import data.lib", "lib.h.f(1)"),
        ('import data.lib["h"]', "h.f(1)"),
        ('import data.lib["h"].f as g # why', "g(1)"),
        ("import data.lib.h.limit", "limit == 1"),
        ("import data.lib.h.limit", "1 == limit"),
        ("import data.lib.h.obj", "obj.a.b == 1"),
        ("import data.lib.h.f", "o := {\"f\": 1}; o.f == 1; f(1)"),
        ("import data.lib.h\ng(h) { h.x == 5 }", "g({\"x\": 5})"),
        ("import data.lib.h", "h := {\"x\": 5}; h.x == 5"),
        ("import input.parameters as p", "p.p == 2"),
    ],
)  # fmt: skip
def test_imports(imports, body):
    assert holds(body, imports)


def test_a_library_that_calls_another():
    lib = "package lib.a\nimport data.lib.h as other\ng(x) { other.f(x) }\n"
    rego = 'package d\nimport data.lib.a\nviolation[{"msg": "yes"}] { a.g(1) }'
    assert messages(rego, lib, LIB) == ["yes"]
    new = 'package d\nimport data.lib.a\nviolation contains {"msg": "yes"} if a.g(1)'
    libs = (
        "package lib.a\nimport data.lib.h\ng(x) if h.f(x)\n",
        "package lib.h\nf(x) if x == 1\n",
    )
    assert messages(new, *libs, is_v1=True) == ["yes"]


@pytest.mark.parametrize(
    "body",
    [
        "any([false, true])",
        "not any([false])",
        "not any([])",
        "all([true, true])",
        "all([])",
        "not all([true, false])",
        'any({x | x := startswith("ab", ["a", "b"][_])})',
        "set_diff({1, 2}, {2}) == {1}",
        're_match("^a", "ab")',
    ],
)
def test_functions_that_rego_once_had(body):
    assert holds(body)


def test_a_function_of_that_name_of_ones_own():
    assert holds("any(5)", "any(x) { x == 5 }")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('sprintf("%q", [input.review.object.s])', '"a\\"b"'),
        ('sprintf("%v is %q, %d%%", ["x", concat(",", ["a", "b"]), 5])', 'x is "a,b", 5%'),
        ('sprintf("%t %+v %-9s %v", [true, 1, "x", [1, "y"]])', 'true 1 x [1, "y"]'),
        ('sprintf(`%q`, ["x"])', '"x"'),
    ],
)
def test_verbs(call, expected):
    assert messages(f'package d\nviolation[{{"msg": msg}}] {{ msg := {call} }}') == [expected]


@pytest.mark.parametrize("verb", ["%T", "%p", "%U"])
def test_verbs_that_are_said_to_be_missing(verb):
    with pytest.raises(SourceFault):
        messages(f'package d\nviolation[{{"msg": msg}}] {{ msg := sprintf("{verb}", [1]) }}')


@pytest.mark.parametrize("call", ["crypto.sha256(\"a\")", "nothing(1)", "json.patch({}, [])"])  # fmt: skip
def test_functions_that_the_engine_has_not_are_named_at_once(call):
    with pytest.raises(SourceFault) as caught:
        messages(f'package d\n\nviolation[{{"msg": "x"}}] {{ {call} }}')
    name = call.partition("(")[0]
    assert caught.value.reason == (
        f"it calls {name}(), which it does not define and the engine here does not know"
    )
    assert (caught.value.line, caught.value.only_here) == (3, True)
