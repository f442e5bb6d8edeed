"""Expressions without a value, and what is no expression."""

from __future__ import annotations

import pytest

from flagstone.policies.cel.cluster_only import asked_of_the_cluster
from flagstone.policies.cel.compiling import compile_expression
from flagstone.policies.cel.errors import CelError, CelSyntaxError
from flagstone.policies.cel.scope import TooLong
from tests.policies.cel.samples import DECLARED, value_of


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("9223372036854775807 + 1", "integer overflow"),
        ("-(-9223372036854775807 - 1)", "integer overflow"),
        ("1u - 2u", "unsigned integer overflow"),
        ("1 / 0", "division by zero"),
        ("1 % 0", "modulus by zero"),
        ("'a' + 1", "no such overload: +(string, int)"),
        ("1 + 1.0", "no such overload: +(int, double)"),
        ("true + true", "no such overload: +(bool, bool)"),
        ("1 < 'a'", "no such overload: <(int, string)"),
        ("object.spec.nokey", "no such key: nokey"),
        ("object.spec.replicas.x", "no such field: x of int"),
        ("object.spec.containers[5]", "index out of bounds: 5"),
        ("object.spec.containers[-1]", "index out of bounds: -1"),
        ("object.spec['no']", "no such key: no"),
        ("object.spec.containers.exists(c, c.nokey == 1)", "no such key: nokey"),
        ("object.spec.containers.exists_one(c, c.nokey == 1)", "no such key: nokey"),
        ("1 && true", "a bool is expected, not a int"),
        ("'x'.size() ? 1 : 2", "a bool is expected, not a int"),
        ("'x'.matches('(?=x)')", "'(?=x)' looks around, which RE2 does not"),
        ("'x'.matches(r'(x)\\1')", "'(x)\\\\1' has a back reference, which RE2 has not"),
        ("int('1_000')", "no such overload: int(string)"),
        ("int('x')", "'x' is no integer"),
        ("quantity('1 Gi')", "'1 Gi' is no quantity"),
        ("optional.none().value()", "the optional holds nothing"),
        ("{'a': 1, 'a': 2}", "the key 'a' is given twice"),
        ("'%d'.format(['x'])", "%d shows no string"),
        ("'%s %s'.format(['x'])", "the format '%s %s' has more clauses than values"),
        ("1.containsIP('1.2.3.4')", None),
        ("object.lowerAscii()", "no such overload: lowerAscii(map)"),
        ("[].min()", "min of an empty list"),
        ("timestamp('yesterday')", "'yesterday' is no timestamp"),
    ],
)
def test_no_value(expression, reason):
    with pytest.raises((CelError, CelSyntaxError)) as caught:
        value_of(expression)
    if reason is not None:
        assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("expression", "reason", "line"),
    [
        ("", "the end stands where it cannot", 1),
        ("object.spec &&\n  ", "the end stands where it cannot", 1),
        ("object.spec == 'a", "a string has no end", 1),
        ("objct.spec == 1", "there is nothing called objct", 1),
        ("true &&\n variables.w", "there is no variable called w", 2),
        ("nothing(1)", "it calls nothing(), which is not known here", 1),
        ("object.spec.frobnicate()", "it calls frobnicate(), which is not known here", 1),
        ("has(object)", "has() takes one field, such as has(object.spec)", 1),
        ("Pod{spec: 1}", "objects of a type cannot be made here", 1),
        ("1 == 1 @", "'@' stands where nothing like it can", 1),
        ("99999999999999999999", "the number 99999999999999999999 is too large", 1),
        ("(1", "the end stands where it cannot; ) is expected", 1),
        ("[1, 2].all(1, true)", "the first argument of a macro is a name", 1),
        ("(" * 200 + "1" + ")" * 200, "it is nested deeper than 60 expressions", 1),
    ],
)
def test_what_is_no_expression(expression, reason, line):
    with pytest.raises(CelSyntaxError) as caught:
        compile_expression(expression, DECLARED)
    assert (caught.value.reason, caught.value.line) == (reason, line)


def test_a_chain_of_any_length_is_no_nesting():
    assert value_of(" && ".join(["true"] * 3000)) is True
    assert value_of(" + ".join(["1"] * 100)) == 100


def test_what_goes_on_for_ever_is_ended():
    wide = "[" + ",".join("1" for _ in range(200)) + "]"
    with pytest.raises(TooLong):
        value_of(f"{wide}.all(a, {wide}.all(b, {wide}.all(c, {wide}.all(d, true))))")
    with pytest.raises(CelError):
        value_of("'" + "a" * 40 + "'.matches('(a|aa)+$b')")


def test_the_place_of_a_fault_is_quoted():
    text = "true &&\n  " + "a" * 100 + " == 1 && objct.x"
    with pytest.raises(CelSyntaxError) as caught:
        compile_expression(text, DECLARED)
    assert caught.value.line == 2
    assert caught.value.quoted == (
        f"there is nothing called {'a' * 100}, at column 3 of `{'a' * 61}…`"
    )
    with pytest.raises(CelSyntaxError) as caught:
        compile_expression("'" + "a" * 100 + "' == 1 @ 2", DECLARED)
    assert caught.value.quoted == (
        f"'@' stands where nothing like it can, at column 109 of `…{'a' * 52}' == 1 @ 2`"
    )
    with pytest.raises(CelSyntaxError) as caught:
        compile_expression(" ", DECLARED)
    assert caught.value.quoted == "the end stands where it cannot"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("authorizer.group('').check('get').allowed()", {"authorizer"}),
        ("request.userInfo.username == 'a' && has(request.uid)", {"request.userInfo", "request.uid"}),
        ("object.authorizer == 1 && object.request.userInfo == 'authorizer'", set()),
        ("request.operation == 'CREATE' // authorizer", set()),
        ("authorizer @", set()),
    ],
)  # fmt: skip
def test_what_only_a_cluster_knows(text, expected):
    assert asked_of_the_cluster(text) == expected


def test_kubernetes_has_no_names_within_an_expression():
    with pytest.raises(CelSyntaxError, match=r"it calls bind\(\), which is not known here"):
        compile_expression("cel.bind(x, 1, x + 1) == 2", DECLARED)
