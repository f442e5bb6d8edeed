"""Working out an expression: what is in the files is known, the rest says why it is not."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hcl2.utils import process_escape_sequences
from lark import Token, Tree

from flagstone.policies.terraform.blocks import Expression, expression_of
from flagstone.policies.terraform.functions import MOST_ITEMS, MOST_TEXT, call
from flagstone.policies.terraform.heredocs import heredoc_body
from flagstone.policies.terraform.statements import BrokenStatement, split_template
from flagstone.policies.terraform.values import (
    Index,
    Partial,
    Reference,
    Unknown,
    as_number,
    as_text,
    as_truth,
    is_plain,
)

if TYPE_CHECKING:
    from flagstone.policies.terraform.module import Module

MOST_DEPTH = 60
_NOTHING = object()
_ALL = "[*]"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: its module and, under count or for_each, which instance.

    Attributes:
        module: whose names it sees.
        each_key: `each.key`, where for_each is known.
        each_value: `each.value`.
        index: `count.index`, where count is known.
    """

    module: Module
    each_key: Any = _NOTHING
    each_value: Any = _NOTHING
    index: Any = _NOTHING


def evaluate(expression: Expression, scope: Scope, depth: int = 0) -> Any:
    """Return a value: plain, a list, a dict, or what stands for something not known."""
    if depth > MOST_DEPTH:
        return Unknown("the expression is nested too deeply")
    if isinstance(expression, Tree):
        worker = _WORKERS.get(expression.data)
        if worker is None:
            return Unknown("an expression of this kind is not worked out here")
        return worker(expression, scope, depth + 1)
    if isinstance(expression, str):
        return _template(expression, scope, depth + 1)
    if isinstance(expression, list):
        return [evaluate(item, scope, depth + 1) for item in expression]
    if isinstance(expression, dict):
        return {key: evaluate(item, scope, depth + 1) for key, item in expression.items()}
    return expression


def inner_trees(tree: Tree[Token]) -> list[Tree[Token]]:
    """The parts of a tree that mean something."""
    return [
        child
        for child in tree.children
        if isinstance(child, Tree) and child.data != "new_line_or_comment"
    ]


def _inner(tree: Tree[Token], scope: Scope, depth: int) -> Any:
    return evaluate(inner_trees(tree)[0], scope, depth)


def _number(tree: Tree[Token], _scope: Scope, _depth: int) -> Any:
    text = "".join(str(token) for token in tree.children)
    try:
        return int(text) if tree.data == "int_lit" else float(text)
    except ValueError:
        return Unknown("the number is too long")


def _literal(tree: Tree[Token], _scope: Scope, _depth: int) -> Any:
    return {"true": True, "false": False}.get(str(tree.children[0]))


def _string(tree: Tree[Token], scope: Scope, depth: int) -> Any:
    parts: list[Any] = []
    for part in inner_trees(tree):
        child = part.children[0]
        if isinstance(child, Tree):
            known = child.data == "interpolation"
            value = _inner(child, scope, depth) if known else Unknown("a template with %{...}")
            parts.append(value)
        elif child.type.startswith("ESCAPED"):
            parts.append(str(child)[1:])
        else:
            parts.append(process_escape_sequences(str(child)))
    return joined(parts)


def _heredoc(tree: Tree[Token], scope: Scope, depth: int) -> Any:
    return _template(heredoc_body(str(tree.children[0])), scope, depth)


def _template(text: str, scope: Scope, depth: int) -> Any:
    """The value of a text in which only `${...}` and `%{...}` mean something."""
    try:
        parts = split_template(text)
        values = [
            _expression_text(part, scope, depth) if is_expression else part
            for part, is_expression in parts
        ]
    except BrokenStatement as error:
        return Unknown(f"a template cannot be read: {error}")
    if len(parts) == 1 and parts[0][1]:
        return values[0]
    return joined(values)


def _expression_text(text: str, scope: Scope, depth: int) -> Any:
    if text == "%":
        return Unknown("a template with %{...}")
    return evaluate(expression_of(text), scope, depth)


def joined(parts: list[Any]) -> Any:
    """One text of several values, as far as they are known; a single one that is no text stays."""
    if len(parts) == 1 and not is_plain(parts[0]):
        return parts[0]
    flat: list[Any] = []
    for part in parts:
        pieces = part.parts if isinstance(part, Partial) else (part,)
        for piece in pieces:
            plain = as_text(piece) if is_plain(piece) else None
            if plain is not None and flat and isinstance(flat[-1], str):
                flat[-1] += plain
            elif plain is not None:
                flat.append(plain)
            elif isinstance(piece, Unknown | Reference):
                flat.append(piece)
            else:
                flat.append(Unknown("a list or map stands inside a text"))
    if (
        len(flat) > MOST_ITEMS
        or sum(len(part) for part in flat if isinstance(part, str)) > MOST_TEXT
    ):
        return Unknown("the text is too long")
    if not flat:
        return ""
    return flat[0] if len(flat) == 1 and isinstance(flat[0], str) else Partial(tuple(flat))


def _tuple(tree: Tree[Token], scope: Scope, depth: int) -> list[Any]:
    return [evaluate(item, scope, depth) for item in inner_trees(tree)]


def _object(tree: Tree[Token], scope: Scope, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for element in inner_trees(tree):
        key, value = inner_trees(element)
        name = _key(key, scope, depth)
        made[as_text(name) if is_plain(name) else f"({len(made)})"] = evaluate(value, scope, depth)
    return made


def _key(tree: Tree[Token], scope: Scope, depth: int) -> Any:
    """A bare word is the key itself, and no reference."""
    inner = tree.children[0]
    while isinstance(inner, Tree) and inner.data == "expr_term" and len(inner.children) == 1:
        inner = inner.children[0]
    if isinstance(inner, Tree) and inner.data in {"identifier", "keyword"}:
        return str(inner.children[0])
    return evaluate(inner, scope, depth)


def _call(tree: Tree[Token], scope: Scope, depth: int) -> Any:
    children = inner_trees(tree)
    name = str(children[0].children[0])
    given = next((child for child in children if child.data == "arguments"), None)
    arguments = (
        [] if given is None else [evaluate(each, scope, depth) for each in inner_trees(given)]
    )
    if given is not None and any(
        isinstance(child, Token) and child.type == "ELLIPSIS" for child in given.children
    ):
        if not isinstance(arguments[-1], list):
            return Unknown(f"the arguments of {name}(...) are not known")
        arguments = [*arguments[:-1], *arguments[-1]]
    if name in {"file", "templatefile"} and arguments:
        return _file(name, arguments[0], scope)
    return call(name, arguments)


def _file(name: str, path: Any, scope: Scope) -> Any:
    text = scope.module.read_text(path) if isinstance(path, str) else None
    if text is None:
        return Unknown(f"the file that {name}(...) reads is not among the files")
    if name == "file":
        return text
    try:
        parts = split_template(text)
    except BrokenStatement as error:
        return Unknown(f"a template cannot be read: {error}")
    filled = "the template's variable is not worked out here"
    return joined([Unknown(filled) if is_expression else part for part, is_expression in parts])


def _conditional(tree: Tree[Token], scope: Scope, depth: int) -> Any:
    condition, yes, no = inner_trees(tree)
    holds = as_truth(evaluate(condition, scope, depth))
    if holds is None:
        first, second = evaluate(yes, scope, depth), evaluate(no, scope, depth)
        return first if first == second else Unknown("it depends on a condition that is not known")
    return evaluate(yes if holds else no, scope, depth)


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def _binary(tree: Tree[Token], scope: Scope, depth: int) -> Any:
    first, term = inner_trees(tree)
    sign, second = inner_trees(term)
    name = str(sign.children[0]).strip()
    left, right = evaluate(first, scope, depth), evaluate(second, scope, depth)
    if name in {"&&", "||"}:
        return _both(name, as_truth(left), as_truth(right))
    if name in {"==", "!="}:
        if not (is_plain(left) and is_plain(right)):
            return Unknown("it compares what is not known")
        return (left == right) is (name == "==")
    a, b = as_number(left), as_number(right)
    if a is None or b is None:
        return Unknown("it reckons with what is not known")
    try:
        value = _OPERATIONS[name](a, b)
    except (ArithmeticError, KeyError):
        return Unknown("it cannot be reckoned")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _both(name: str, left: bool | None, right: bool | None) -> Any:  # noqa: FBT001 they are the values
    decisive = name == "||"
    if decisive in (left, right):
        return decisive
    return (
        Unknown("it depends on a condition that is not known")
        if None in (left, right)
        else not decisive
    )


def _unary(tree: Tree[Token], scope: Scope, depth: int) -> Any:
    value = _inner(tree, scope, depth)
    if str(tree.children[0]) == "!":
        truth = as_truth(value)
        return Unknown("it negates what is not known") if truth is None else not truth
    number = as_number(value)
    if number is None:
        return Unknown("it negates what is not known")
    return -int(number) if number.is_integer() else -number


def _identifier(tree: Tree[Token], scope: Scope, depth: int) -> Any:
    return scope.module.look_up(str(tree.children[0]), (), scope)


def _traversal(tree: Tree[Token], scope: Scope, depth: int) -> Any:
    steps: list[Any] = []
    root: Any = tree
    while isinstance(root, Tree) and (root.data in _STEPS or root.data == "expr_term"):
        if root.data == "expr_term":
            if len(inner_trees(root)) != 1:
                break
            root = inner_trees(root)[0]
            continue
        children = inner_trees(root)
        steps[:0] = _steps(children[1], scope, depth)
        root = children[0]
        if len(steps) > MOST_DEPTH:
            return Unknown("the expression is nested too deeply")
    if isinstance(root, Tree) and root.data == "identifier":
        return scope.module.look_up(str(root.children[0]), tuple(steps), scope)
    return step_into(evaluate(root, scope, depth), tuple(steps))


def _steps(tree: Tree[Token], scope: Scope, depth: int) -> list[Any]:
    if tree.data == "get_attr":
        return [str(inner_trees(tree)[0].children[0])]
    if tree.data == "braces_index":
        return [Index(evaluate(inner_trees(tree)[0], scope, depth))]
    if tree.data == "short_index":
        return [Index(int(str(tree.children[-1])[:9]))]
    return [_ALL, *(step for inner in inner_trees(tree) for step in _steps(inner, scope, depth))]


def step_into(value: Any, steps: tuple[Any, ...]) -> Any:
    """Follow attributes and indexes into a value."""
    for number, step in enumerate(steps):
        if isinstance(value, Unknown):
            return value
        if step == _ALL:
            rest = steps[number + 1 :]
            items = value if isinstance(value, list) else [value]
            return [step_into(item, rest) for item in items]
        value = _step(value, step)
    return value


def _step(value: Any, step: Any) -> Any:
    inside = isinstance(step, Index)
    step = step.value if isinstance(step, Index) else step
    if isinstance(value, Reference):
        key = step if isinstance(step, str | int) else None
        if inside and not value.path:
            return Reference(value.module, value.address, (), key)
        path = (*value.path, "?" if key is None else str(key))
        return Reference(value.module, value.address, path, value.key)
    if isinstance(value, dict) and is_plain(step) and as_text(step) in value:
        return value[as_text(step)]
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return Unknown(
        f"there is no {step!s:.40} in the value" if is_plain(step) else "an index is not known"
    )


_STEPS = {"get_attr_expr_term", "index_expr_term", "attr_splat_expr_term", "full_splat_expr_term"}
_WORKERS: dict[str, Callable[[Tree[Token], Scope, int], Any]] = {
    **dict.fromkeys(_STEPS, _traversal),
    "expr_term": _inner,
    "int_lit": _number,
    "float_lit": _number,
    "literal_value": _literal,
    "string": _string,
    "heredoc_template": _heredoc,
    "heredoc_template_trim": _heredoc,
    "tuple": _tuple,
    "object": _object,
    "function_call": _call,
    "conditional": _conditional,
    "binary_op": _binary,
    "unary_op": _unary,
    "identifier": _identifier,
}
