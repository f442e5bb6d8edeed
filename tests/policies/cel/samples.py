"""An object, and what an expression says of it."""

from __future__ import annotations

from typing import Any

from flagstone.policies.cel.compiling import Declared, compile_expression
from flagstone.policies.cel.scope import Scope

OBJECT = {
    "spec": {
        "replicas": 3,
        "f": 1.5,
        "x": None,
        "containers": [
            {"name": "a", "image": "nginx:latest"},
            {"name": "b", "image": "r/x:1"},
        ],
        "m": {"a-b/c": "v"},
    },
    "metadata": {"labels": {"a": "b"}},
}
DECLARED = Declared(frozenset({"object", "oldObject", "variables", "params"}), frozenset({"v"}))
VALUES = {"object": OBJECT, "oldObject": None, "variables": {"v": 5}, "params": {}}


def value_of(expression: str) -> Any:
    return compile_expression(expression, DECLARED).value(Scope(VALUES))
