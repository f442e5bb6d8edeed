"""Functions of OPA that the engine has not: given by a library, or by another name; or said to be missing."""

from __future__ import annotations

import json
from functools import cache

import regorus

from flagstone.policies.engines.rego import asked_builtins
from flagstone.policies.engines.rego.calls import Call
from flagstone.policies.engines.rego.lacks import Lack, line_at
from flagstone.policies.engines.rego.statements import Edit

PACKAGE = "flagstone.given"
_OF_V0 = {
    "all", "any", "cast_array", "cast_boolean", "cast_null", "cast_object", "cast_set",
    "cast_string", "net.cidr_overlap", "re_match", "set_diff",
}  # fmt: skip
_RENAMED = {
    "net.cidr_overlap": "net.cidr_contains",
    "re_match": "regex.match",
    **asked_builtins.RENAMED,
    **{
        name: f"data.{PACKAGE}.{name.replace('.', '_')}"
        for name in (
            *("all", "any", "set_diff", "array.flatten", "crypto.hmac.equal"),
            *("cast_array", "cast_boolean", "cast_null", "cast_object", "cast_set", "cast_string"),
            *("net.cidr_contains_matches", "net.cidr_intersects"),
            *("plus", "minus", "mul", "div", "rem", "and", "or"),
            *("equal", "neq", "lt", "lte", "gt", "gte"),
        )
    },
}
LIBRARY = f"""package {PACKAGE}
any(values) := count([1 | some value in values; value == true]) > 0
all(values) := count([1 | some value in values; value == true]) == count(values)
set_diff(left, right) := left - right
array_flatten(values) := [each | some value in values; some each in _listed(value)]
_listed(value) := value if is_array(value)
_listed(value) := [value] if not is_array(value)
crypto_hmac_equal(left, right) := left == right
cast_array(value) := made if {{
  type_name(value) in {{"array", "set"}}
  made := [each | some each in value]
}}
cast_set(value) := made if {{
  type_name(value) in {{"array", "set"}}
  made := {{each | some each in value}}
}}
cast_boolean(value) := value if is_boolean(value)
cast_null(value) := value if is_null(value)
cast_object(value) := value if is_object(value)
cast_string(value) := value if is_string(value)
net_cidr_intersects(left, right) := count([1 |
  some pair in [[left, right], [right, left]]
  net.cidr_contains(pair[0], pair[1])
]) > 0
net_cidr_contains_matches(ranges, places) := {{[wide[0], narrow[0]] |
  some wide in _keyed(ranges)
  some narrow in _keyed(places)
  net.cidr_contains(wide[1], narrow[1])
}}
_keyed(value) := [[value, value]] if is_string(value)
_keyed(values) := made if {{
  not is_string(values)
  made := [[key, _first(value)] | some key, value in values]
}}
_first(value) := value if is_string(value)
_first(value) := value[0] if is_array(value)
plus(left, right) := left + right
minus(left, right) := left - right
mul(left, right) := left * right
div(left, right) := left / right
rem(left, right) := left % right
and(left, right) := left & right
or(left, right) := left | right
equal(left, right) := left == right
neq(left, right) := left != right
lt(left, right) := left < right
lte(left, right) := left <= right
gt(left, right) := left > right
gte(left, right) := left >= right
"""


def given_builtins(calls: list[Call]) -> list[Edit]:
    """Where such a function is called, the name by which the engine finds it."""
    return [
        Edit(call.begin, call.end, _RENAMED[call.name]) for call in calls if call.name in _RENAMED
    ]


def lacking(calls: list[Call], rego: str, *, is_v1: bool) -> Lack | None:
    """The first call that cannot be answered; None if each can."""
    for call in calls:
        if is_v1 and call.name in _OF_V0:
            reason = f"Rego v1 has no {call.name}(): OPA gave it up with v0"
            return Lack(reason, line_at(rego, call.begin), is_of_the_engine=False)
        if call.name not in _RENAMED and call.name not in _of_the_engine():
            return Lack(unknown(call.name), line_at(rego, call.begin), is_of_the_engine=True)
    return None


def unknown(name: str) -> str:
    return (
        f"it calls {name}(), which it does not define and the engine here does not know; "
        "an OPA server, asked by its URL, may"
    )


@cache
def _of_the_engine() -> frozenset[str]:
    engine = regorus.Engine()
    engine.add_policy("builtins", "package builtins\nnames := opa.runtime().builtins")
    names = json.loads(engine.eval_rule_as_json("data.builtins.names"))
    return frozenset(names) | {"intersection", "union", "print"}
