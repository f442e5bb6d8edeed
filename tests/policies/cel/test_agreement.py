"""Another CEL says the same, wherever it knows the expression: the Rust implementation, as an oracle."""

from __future__ import annotations

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flagstone.policies.cel.errors import CelError
from tests.policies.cel.samples import OBJECT, value_of

_NUMBERS = st.integers(-20, 20).map(str) | st.sampled_from(["1.5", "0.0", "-2.25", "3u"])
_TEXTS = st.sampled_from(["'a'", "'abc'", "''", "object.spec.containers[0].image"])
_FIELDS = st.sampled_from(
    ["object.spec.replicas", "object.spec.none", "object.spec.f", "object.spec.x", "null"]
)
_LEAVES = _NUMBERS | _TEXTS | _FIELDS | st.sampled_from(["true", "false", "[1, 2]", "{'a': 1}"])


def _grown(parts):
    pair = st.tuples(parts, parts)
    return (
        st.tuples(
            parts, st.sampled_from(["+", "-", "*", "==", "!=", "<", ">=", "&&", "||"]), parts
        ).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | pair.map(lambda p: f"(true ? {p[0]} : {p[1]})")
        | parts.map(lambda p: f"(!{p})")
        | pair.map(lambda p: f"[{p[0]}, {p[1]}]")
        | parts.map(lambda p: f"[{p}, {p}].exists(x, x == {p})")
        | parts.map(lambda p: f"object.spec.containers.all(c, c.name == {p} || {p} == {p})")
        | parts.map(lambda p: f"size({p})")
    )


@settings(max_examples=300, deadline=None)
@given(st.recursive(_LEAVES, _grown, max_leaves=8))
def test_generated_expressions(expression):
    try:
        theirs = cel.evaluate(expression, {"object": OBJECT})
    except Exception:  # noqa: BLE001 - each kind of failure has a class of its own there
        with pytest.raises(CelError):
            value_of(expression)
    else:
        assert value_of(expression) == theirs


@pytest.mark.parametrize(
    "expression",
    [
        "object.spec.containers.map(c, c.name.size())",
        "object.spec.containers.filter(c, c.image.endsWith(':latest')).size()",
        "object.spec.containers.exists_one(c, c.name.startsWith('a'))",
        "has(object.spec.replicas) && !has(object.spec.none)",
        "object.spec.m['a-b/c'] + 'x'",
        "-7 / 2 * 10 + -7 % 2",
        "string(1.5) + string(5.0)",
        "int('12') + int(2.9)",
        "duration('1h') > duration('59m')",
        "timestamp('2024-02-29T12:00:00Z').getDayOfYear()",
        "'nginx:1'.matches('^[a-z]+:[0-9]+$')",
    ],
)
def test_chosen_expressions(expression):
    assert value_of(expression) == cel.evaluate(expression, {"object": OBJECT})
