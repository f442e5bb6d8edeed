"""What the engine understands otherwise than OPA, or not at all: written as it wants it, or said."""

from __future__ import annotations

import json
import time

import pytest

from flagstone.policies.engines.rego.runner import RegoRunner
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


UNKNOWN = [
    "crypto.parse_private_keys",
    "crypto.x509.parse_certificate_request",
    "crypto.x509.parse_certificates",
    "crypto.x509.parse_and_verify_certificates",
    "crypto.x509.parse_and_verify_certificates_with_options",
    "crypto.x509.parse_keypair",
    "crypto.x509.parse_rsa_private_key",
    "graphql.is_valid",
    "graphql.parse",
    "graphql.parse_and_verify",
    "graphql.parse_query",
    "graphql.parse_schema",
    "graphql.schema_is_valid",
    "internal.member_2",
    "io.jwt.decode",
    "io.jwt.decode_verify",
    "io.jwt.encode_sign",
    "io.jwt.encode_sign_raw",
    "io.jwt.verify_hs256",
    "io.jwt.verify_rs256",
    "net.lookup_ip_addr",
    "nothing",
    "providers.aws.sign_req",
    "regex.globs_match",
    "rego.metadata.chain",
    "rego.metadata.rule",
    "rego.parse_module",
    "strings.render_template",
    "strings.split_n",
    "uri.is_valid",
    "uri.parse",
]


@pytest.mark.parametrize("is_v1", [False, True])
@pytest.mark.parametrize("name", UNKNOWN)
def test_functions_that_the_engine_has_not_are_named_before_anything_runs(name, is_v1):
    rego = f'package d\n\nviolation[{{"msg": "x"}}] {{ false; {name}("a") }}'
    if is_v1:
        rego = f'package d\n\nviolation contains {{"msg": "x"}} if {{ false; {name}("a") }}'
    with pytest.raises(SourceFault) as caught:
        RegoRunner(RegoSource(rego, (), is_v1, ()))
    assert caught.value.reason == (
        f"it calls {name}(), which it does not define and the engine here does not know; "
        "an OPA server, asked by its URL, may"
    )
    assert (caught.value.keys, caught.value.line, caught.value.only_here) == (("rego",), 3, True)


def test_a_function_that_is_missing_from_a_library():
    lib = "package lib.h\nf(x) { x == 1 }\n\ng(x) { nothing(x) }"
    with pytest.raises(SourceFault) as caught:
        messages('package d\nviolation[{"msg": "x"}] { true }', lib)
    assert (caught.value.keys, caught.value.line) == (("libs", 0), 4)


@pytest.mark.parametrize(
    "rules",
    [
        "f(x) { x == 1 }\ng { f(1) }",
        "f(x) { x == 1 } g { f(1) }",
        "default f(_) = false\ng { f(1) }",
        "import data.lib.h as q\ng { q.f(1) }",
        'import data.lib["h"]\ng { h.f(1) }',
        "g { data.lib.h.f(1) }",
        "g = set() { true }",
        "# nothing(1)\ng = `nothing(1)` { true }",
        "g { x := {1}; not (x == {2}) }",
    ],
)
def test_what_is_defined_is_not_taken_for_missing(rules):
    assert holds("true", rules)


@pytest.mark.parametrize("name", ["any", "all", "cast_set", "re_match", "set_diff"])
def test_functions_that_rego_v1_has_no_more(name):
    rego = f'package d\nviolation contains {{"msg": "x"}} if {name}([true])'
    with pytest.raises(SourceFault) as caught:
        messages(rego, is_v1=True)
    assert caught.value.reason == f"Rego v1 has no {name}(): OPA gave it up with v0"
    assert (caught.value.line, caught.value.only_here) == (2, False)


@pytest.mark.parametrize(
    "body",
    [
        "array.flatten([1, [2, [3]]]) == [1, 2, [3]]",
        'cast_string("a") == "a"',
        "cast_array({1}) == [1]",
        "cast_set([1, 1]) == {1}",
        "not cast_set(1)",
        'crypto.hmac.equal("a", "a")',
        'not crypto.hmac.equal("a", "b")',
        'net.cidr_intersects("10.0.0.0/8", "10.1.0.0/16")',
        'net.cidr_intersects("10.1.0.0/16", "10.0.0.0/8")',
        'not net.cidr_intersects("10.0.0.0/8", "11.0.0.0/8")',
        'net.cidr_overlap("10.0.0.0/8", "10.1.1.1")',
        'net.cidr_contains_matches("10.0.0.0/8", "10.0.0.1") == {["10.0.0.0/8", "10.0.0.1"]}',
        'net.cidr_contains_matches(["1.0.0.0/8", ["10.0.0.0/8", "x"]], {"a": "10.0.0.1"}) == {[1, "a"]}',
        "plus(1, 2) == 3; minus(3, 1) == 2; mul(2, 3) == 6; div(6, 3) == 2; rem(7, 4) == 3",
        "equal(1, 1); not equal(1, 2); neq(1, 2); lt(1, 2); lte(1, 1); gt(2, 1); gte(1, 1)",
    ],
)
def test_functions_that_a_library_gives(body):
    assert holds(body)


@pytest.mark.parametrize(
    ("rules", "body"),
    [
        ("f(x) = [y | y := x[_]] { count(x) > 0 }", "f([1, 2]) == [1, 2]"),
        ("f(x) = count({y | y := x[_]; y > 1}) { count(x) > 0 }", "f([1, 2, 3]) == 2"),
        ("f = 1 { false } else = [y | y := 2] { true }", "f == [2]"),
        ("f(x) = [y | y := to_number(x)] { is_number(x) }", 'not f("x"); f(1) == [1]'),
        ("f = {\n  y | # why\n  y := [1, 2][_]\n  y > 1\n} { true }", "f == {2}"),
        ("f[{y | y := x}] { x := 1 }", "f == {{1}}"),
        ("f[k] = [y | y := k] { k := 1 }", "f == {1: [1]}"),
        (
            "f(x) = [y | y := x] { x == 1 } f(x) = {y | y := x} { x == 2 }",
            "f(1) == [1]; f(2) == {2}",
        ),
        ("f = [y | y := 1]", "f == [1]"),
    ],
)
def test_lists_that_are_made_in_the_head_of_a_rule(rules, body):
    assert holds(body, rules)


@pytest.mark.parametrize(
    "rule",
    [
        "f := [x | some x in [1, 2]] if 1 == 1",
        "f := [x | some x in [1, 2]] if { 1 == 1 }",
        "f := [x |\n  some x in [1, 2, -1] # why\n  x > 0\n] if {\n 1 == 1 }",
        "f := 1 if 1 == 2\nelse := [x | some x in [1, 2]] if 1 == 1",
        "f := [x | some x in [1, 2]] if {1} == {1}",
    ],
)
def test_lists_that_are_made_in_the_head_of_a_rule_of_v1(rule):
    rego = f'package d\nviolation contains {{"msg": "x", "of": [y | y := f]}} if {{ f == [1, 2] }}\n{rule}\n'
    assert messages(rego, is_v1=True) == ["x"]
    with pytest.raises(SourceFault) as caught:
        messages(f"{rego}\nwrong := 1 +", is_v1=True)
    assert caught.value.line in {rego.count("\n") + 2, rego.count("\n") + 3}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('not startswith(input.review.object.zz, "a")', []),
        ('not startswith(input.review.object.s, "z")', ["yes"]),
        ('not startswith(\n  input.review.object[\n"s"\n],\n "z")', ["yes"]),
        ("not count({x |\n x := input.review.object.l[_]\n not x.y.z == x\n}) == 0", ["yes"]),
        ('not f(1) with input as {"a": 1}', ["yes"]),
        ('not g(input.a) with input as {"a": 1}', []),
        ('not g(input.a) with input as {"a": 2}\ntrue', ["yes"]),
        ("not (input.review.object.zz > 1)", []),
        ("not input.review.object.zz\n[1]", ["yes"]),
        ('x := {"not": 1}; not x["not"] == 2; not 1e3 == 1e2', ["yes"]),
    ],
)
def test_what_is_negated_is_looked_up_first(body, said):
    rules = "f(x) { x == 2 }\ng(x) { x == 1 }"
    assert messages(f'package d\n{rules}\nviolation[{{"msg": "yes"}}] {{\n{body}\n}}') == said


@pytest.mark.parametrize("negated", ["input.review.object.l[_]", "f(input.review.object.l[_])"])
def test_a_wildcard_that_is_negated_is_refused_as_opa_does(negated):
    rego = f'package d\nf(x) {{ x }}\nviolation[{{"msg": "x"}}] {{\n  true\n  not {negated}\n}}'
    with pytest.raises(
        SourceFault, match="negates an expression with _, which OPA refuses"
    ) as refused:
        messages(rego)
    assert (refused.value.line, refused.value.only_here) == (5, False)


@pytest.mark.parametrize(
    "assigned",
    [
        "[p, v] := walk(input.review.object)",
        "[p, v] = walk(input.review.object)",
        '[p, v] := walk(\n input.review[\n"object"]\n)',
    ],
)
def test_what_walk_yields_may_be_assigned(assigned):
    assert messages(f'package d\nviolation[{{"msg": p}}] {{\n{assigned}\nv == "x"\n}}') == [
        ["l", 1]
    ]


def test_another_use_of_walk_is_said_with_its_line():
    with pytest.raises(SourceFault, match=r"walk\(\) with one argument") as refused:
        messages('package d\nviolation[{"msg": "x"}] {\n  walk(input)[1] == "x"\n}')
    assert (refused.value.line, refused.value.only_here) == (3, True)


def test_a_line_below_a_rewritten_one_is_where_it_was():
    rego = (
        'package d\nviolation[{"msg": m}] {\n  not startswith(\n    input.review.object.s,\n    "z"\n  )\n'
        '  [p, v] := walk(\n    input\n  )\n  m := to_number("x")\n}'
    )
    with pytest.raises(SourceFault, match="could not parse string as number") as failed:
        messages(rego)
    assert failed.value.line == 10


@pytest.mark.parametrize(
    ("rules", "body"),
    [
        ('s[v.a] { v := [{"a": 1}, {"b": 1}][_] }', "s == {1}"),
        ('o[k] = v.a { v := [{"a": 1}, {"b": 1}][k] }', "o == {0: 1}"),
        ('o[v.a] = 1 { v := [{"a": 1}, {"b": 1}][_] }', "o == {1: 1}"),
        ('r = v.a { v := [{"a": 1}, {"b": 1}][_] }', "r == 1"),
        ('r = v.a { v := [{"b": 1}, {"a": 1}][_] } else = 2 { true }', "r == 1"),
        ("f(v) = v.zz { is_object(v) } else = 2 { true }", "f(input.review) == 2"),
    ],
)
def test_a_head_that_looks_up_what_is_not_there_yields_the_rest(rules, body):
    assert holds(body, rules)


@pytest.mark.parametrize("is_v1", [True, False])
def test_what_is_called_v1_beside_the_import_of_v1_is_not_that(is_v1):
    rego = 'package d\nimport rego.v1 # as it should\nviolation contains {"msg": v1} if { some v1 in ["a"] }'
    assert messages(rego, is_v1=is_v1) == ["a"]


def test_a_library_may_be_of_v1_where_the_rest_is_not():
    lib = "package lib.n\nimport rego.v1\nf(x) if x == 1\n"
    assert messages('package d\nviolation[{"msg": "x"}] { data.lib.n.f(1) }', lib) == ["x"]


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        ('p if input.x\nviolation[{"msg": "x"}] { p }', "if"),
        ('violation contains {"msg": "x"} if { true }', "contains"),
        ('import future.keywords.contains\nviolation contains {"msg": "x"} if { true }', "if"),
        ('violation[{"msg": "x"}] { "a" in ["a"] }', "in"),
        (
            'import future.keywords.in\nviolation[{"msg": "x"}] { every y in [1] { y == 1 } }',
            "every",
        ),
    ],
)
def test_a_keyword_that_v0_has_not_is_refused_as_opa_does(rules, word, capfd):
    with pytest.raises(SourceFault, match=f"Rego v0 has no keyword {word}: add") as refused:
        messages(f"package d\n\n{rules}")
    assert refused.value.line == 3 + rules.count(
        "\n", 0, rules.rindex(f" {word} " if word != "every" else "{ every")
    )
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "rules",
    [
        'import future.keywords\nviolation contains {"msg": "yes"} if every x in [1] { x == 1 }',
        'import future.keywords.if\np if 1 == 1\nviolation[{"msg": "yes"}] { p }',
        'import future.keywords.every\nviolation[{"msg": "yes"}] { every x in [1] { x in [1] } }',
        'violation[{"msg": "yes"}] { contains("in", "in"); {"if": 1}.if == 1 }',
    ],
)
def test_keywords_that_are_imported_and_words_that_are_none(rules):
    assert messages(f"package d\n{rules}") == ["yes"]


@pytest.mark.parametrize("is_v1", [True, False])
@pytest.mark.parametrize(
    "imports",
    [
        ("contains", "if"),
        ("if", "contains"),
        ("in", "contains", "if", "every"),
        ("contains", "if", "every", "in"),
    ],
)
def test_an_import_of_a_keyword_ends_with_its_line(imports, is_v1):
    lines = "".join(f"import future.keywords.{name}\n" for name in imports)
    rego = f'package a\n{lines}violation contains {{"msg": "m"}} if {{ input.review.x }}\n'
    runner = RegoRunner(RegoSource(rego, (), is_v1, ()))
    assert json.loads(runner.run('{"review": {"x": 1}, "parameters": {}}')) == [{"msg": "m"}]
    assert json.loads(runner.run('{"review": {}, "parameters": {}}')) == []


def test_a_policy_of_a_thousand_negations_is_written_out_in_no_time():
    lines = "\n".join(f'  not startswith(input.review.object.a{n}, "x")' for n in range(1_000))
    rego = f'package d\nviolation[{{"msg": "x"}}] {{\n{lines}\n}}'
    before = time.process_time()
    assert messages(rego) == []
    assert time.process_time() - before < 10, (
        "it took 25 s when each was read with the whole text anew"
    )


def test_negations_inside_of_each_other():
    body = "not count({x | x := input.review.object.l[_]; not count({y | y := x; not y.z.w == 1}) == 5}) == 9"
    assert messages(f'package d\nviolation[{{"msg": "yes"}}] {{ {body} }}') == ["yes"]
