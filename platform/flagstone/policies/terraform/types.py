"""What the type of a variable adds to its value: attributes marked `optional(...)`."""

from __future__ import annotations

from typing import Any

from lark import Token, Tree

from flagstone.policies.terraform.blocks import Block, Expression
from flagstone.policies.terraform.evaluation import MOST_DEPTH, Scope, evaluate, inner_trees

_COLLECTIONS = frozenset({"list", "set", "tuple"})


def with_defaults(value: Any, variable: Block, scope: Scope) -> Any:
    """The value of a variable with what its type says of attributes that are not given."""
    return _filled(value, variable.attributes.get("type"), scope, 0)


def _filled(value: Any, written: Expression, scope: Scope, depth: int) -> Any:
    call = _call(written)
    if call is None or depth > MOST_DEPTH:
        return value
    name, arguments = call
    if name == "object" and isinstance(value, dict) and arguments:
        return _object(value, arguments[0], scope, depth + 1)
    if name == "map" and isinstance(value, dict) and arguments:
        return {key: _filled(item, arguments[0], scope, depth + 1) for key, item in value.items()}
    if name in _COLLECTIONS and isinstance(value, list) and arguments:
        return [_filled(item, arguments[0], scope, depth + 1) for item in value]
    return value


def _object(
    value: dict[str, Any], written: Tree[Token], scope: Scope, depth: int
) -> dict[str, Any]:
    filled = dict(value)
    for element in inner_trees(_bare(written)):
        if element.data != "object_elem":
            continue
        key, kind = inner_trees(element)
        name = _name(key)
        optional = _call(kind)
        if optional is not None and optional[0] == "optional":
            kind, *default = optional[1]
            if filled.get(name) is None:
                filled[name] = evaluate(default[0], scope) if default else None
        if name in filled:
            filled[name] = _filled(filled[name], kind, scope, depth)
    return filled


def _name(key: Tree[Token]) -> str:
    bare = _bare(key.children[0])
    token = bare.children[0] if isinstance(bare, Tree) and bare.data == "identifier" else ""
    return str(token)


def _bare(tree: Any) -> Any:
    while isinstance(tree, Tree) and tree.data == "expr_term" and len(tree.children) == 1:
        tree = tree.children[0]
    return tree


def _call(written: Expression) -> tuple[str, list[Tree[Token]]] | None:
    """The name and arguments of `object({...})`."""
    tree = _bare(written)
    if not isinstance(tree, Tree) or tree.data != "function_call":
        return None
    name, *given = inner_trees(tree)
    arguments = inner_trees(given[0]) if given and given[0].data == "arguments" else []
    return str(name.children[0]), arguments
