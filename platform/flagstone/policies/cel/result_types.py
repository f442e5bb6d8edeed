"""The type that an expression has whatever it is given, as far as its shape alone shows it."""

from __future__ import annotations

from flagstone.policies.cel.syntax import Call, ListOf, Literal, MapOf, Node, parse
from flagstone.policies.cel.values import type_of

_OPERATORS_OF_TRUTH = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "!_", "&&", "||"})
_METHODS = {
    **dict.fromkeys(
        ("all", "exists", "exists_one", "startsWith", "endsWith", "contains", "matches"), "bool"
    ),
    **dict.fromkeys(("lowerAscii", "upperAscii", "trim", "replace", "substring"), "string"),
    "size": "int",
    "filter": "list",
    "split": "list",
}
_FUNCTIONS = {
    "has": "bool",
    **{name: name for name in ("string", "int", "uint", "double", "bool", "bytes")},
    "size": "int",
}


def unfit_type(text: str, wanted: frozenset[str]) -> str:
    """The type of an expression that is surely none of those wanted, else "".

    Raises:
        CelSyntaxError: the text is no expression.
    """
    found = _type(parse(text))
    return "" if found in wanted else found


def _type(node: Node) -> str:
    """The type, or "" where it depends on what the expression is given."""
    match node:
        case Literal(value):
            return type_of(value)
        case ListOf():
            return "list"
        case MapOf():
            return "map"
        case Call(function="?:", arguments=(_, one, other)):
            return _common(one, other)
        case Call(function="+", arguments=(one, other)):
            return _common(one, other)
        case Call(function=name, target=None):
            return "bool" if name in _OPERATORS_OF_TRUTH else _FUNCTIONS.get(name, "")
        case Call(function=name):
            return _METHODS.get(name, "")
        case _:
            return ""


def _common(one: Node, other: Node) -> str:
    found = _type(one)
    return found if found and found == _type(other) else ""
