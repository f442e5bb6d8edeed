"""The language of conditions, read: Expr (github.com/expr-lang/expr) as far as conditions use it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from flagstone.scorecards.engine.analysis.condition_values import (
    BINARY,
    FUNCTIONS,
    OVER_ELEMENTS,
    ConditionError,
    elements,
    kind,
    number,
    truth,
)

_LONGEST = 2000
_MOST_TOKENS = 300  # each may be a call inside of a call when it is evaluated
_DEEPEST = 60
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    |(?P<name>[A-Za-z_$][\w$]*)
    |(?P<op>&&|\|\||==|!=|<=|>=|\*\*|\?\?|\?\.|[-+*/%^<>!?:.,()\[\]{}\#]))""",
    re.VERBOSE,
)
_WORDS = {"and": "&&", "or": "||", "not": "!", "in": "in"}
_NAMES = {"true": True, "false": False, "nil": None}

Env = Mapping[str, Any]
_Node = Callable[[Env], Any]


class NotUnderstoodError(ValueError):
    """A condition beyond the part of the language that is read here."""


@lru_cache(maxsize=1024)
def compiled(condition: str) -> _Node:
    """A function of the names in a condition.

    Raises:
        NotUnderstoodError: it is beyond what is read here.
    """
    reader = _Reader(tokens(condition))
    node = reader.ternary(0)
    if not reader.at_end:
        raise NotUnderstoodError(f"{reader.peek[1]!r} was not expected")
    return node


@lru_cache(maxsize=1024)
def tokens(text: str) -> list[tuple[str, Any]]:
    if len(text) > _LONGEST:
        raise NotUnderstoodError(f"it is longer than {_LONGEST} characters")
    found, position, text = [], 0, text.rstrip()
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise NotUnderstoodError(f"{text[position : position + 10]!r} is not read")
        position = token.end()
        kind = str(token.lastgroup)
        found.append((kind, _value(kind, token[kind])))
    if len(found) > _MOST_TOKENS:
        raise NotUnderstoodError(f"it has more than {_MOST_TOKENS} parts")
    return [("op", _WORDS[v]) if k == "name" and v in _WORDS else (k, v) for k, v in found]


def _value(kind: str, text: str) -> Any:
    if kind == "number":
        return float(text.replace("_", ""))
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if kind == "text" else text


_LEVELS = (
    ("||",),
    ("&&",),
    ("==", "!=", "<", "<=", ">", ">=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
    ("**", "^"),
    ("??",),
)


class _Reader:
    """A parser by descent: each method reads one level of precedence, the loosest first."""

    def __init__(self, tokens: list[tuple[str, Any]]) -> None:
        self._read = [*tokens, ("end", "the end")]
        self._at = 0

    @property
    def peek(self) -> tuple[str, Any]:
        return self._read[self._at]

    @property
    def at_end(self) -> bool:
        return self.peek[0] == "end"

    def _take(self) -> Any:
        self._at += 1
        return self._read[self._at - 1][1]

    def _next_is(self, *ops: str) -> bool:
        return self.peek[0] == "op" and self.peek[1] in ops

    def _accept(self, op: str) -> bool:
        if self._next_is(op):
            self._at += 1
            return True
        return False

    def _expect(self, op: str) -> None:
        if not self._accept(op):
            raise NotUnderstoodError(f"{op!r} was expected instead of {self.peek[1]!r}")

    def ternary(self, depth: int) -> _Node:
        if depth > _DEEPEST:
            raise NotUnderstoodError("it is nested too deeply")
        condition = self._binary(depth, 0)
        if not self._accept("?"):
            return condition
        then = self.ternary(depth + 1)
        self._expect(":")
        otherwise = self.ternary(depth + 1)
        return lambda env: then(env) if truth(condition(env)) else otherwise(env)

    def _binary(self, depth: int, level: int) -> _Node:
        if level == len(_LEVELS):
            return self._unary(depth)
        left = self._binary(depth, level + 1)
        while True:
            refused = self._next_is("!") and self._read[self._at + 1] == ("op", "in")
            if refused and "in" in _LEVELS[level]:
                self._at += 1
            elif not self._next_is(*_LEVELS[level]):
                return left
            op = self._take()
            right = self._binary(depth, level + 1)
            left = _joined(op, left, right)
            left = _not(left) if refused else left

    def _unary(self, depth: int) -> _Node:
        if depth > _DEEPEST:
            raise NotUnderstoodError("it is nested too deeply")
        if self._accept("!"):
            return _not(self._unary(depth + 1))
        if self._next_is("-", "+"):
            sign = -1 if self._take() == "-" else 1
            operand = self._unary(depth + 1)
            return lambda env: sign * number(operand(env))
        return self._postfix(self._primary(depth + 1), depth + 1)

    def _postfix(self, node: _Node, depth: int) -> _Node:
        while True:
            if self._accept("["):
                index = self.ternary(depth + 1)
                self._expect("]")
                node = _item(node, index)
            elif self._next_is(".", "?."):
                optional = self._take() == "?."
                node = _field(node, self._name(), optional=optional)
            else:
                return node

    def _name(self) -> str:
        if self.peek[0] != "name":
            raise NotUnderstoodError(f"a name was expected instead of {self.peek[1]!r}")
        return str(self._take())

    def _primary(self, depth: int) -> _Node:
        kind, value = self.peek
        if kind in {"number", "text"}:
            self._at += 1
            return lambda _env: value
        if kind == "name":
            self._at += 1
            return self._call(value, depth) if self._accept("(") else _named(value)
        if self._accept("("):
            inner = self.ternary(depth + 1)
            self._expect(")")
            return inner
        if self._accept("["):
            items = self._listed("]", depth)
            return lambda env: [item(env) for item in items]
        if self._accept("#"):
            return lambda env: env["#"]
        if self._next_is("."):  # a field of the element, inside of a predicate
            return lambda env: env["#"]
        raise NotUnderstoodError(f"{value!r} was not expected")

    def _listed(self, end: str, depth: int) -> list[_Node]:
        items: list[_Node] = []
        while not self._accept(end):
            if items:
                self._expect(",")
            items.append(self.ternary(depth + 1))
        return items

    def _call(self, name: str, depth: int) -> _Node:
        if name in OVER_ELEMENTS:
            elements = self.ternary(depth + 1)
            predicate = self._predicate(depth) if self._accept(",") else None
            self._expect(")")
            return _over(name, elements, predicate)
        arguments = self._listed(")", depth)
        function = FUNCTIONS.get(name)
        if function is None:
            raise NotUnderstoodError(f"the function {name} is not known")
        return lambda env: function(*(argument(env) for argument in arguments))

    def _predicate(self, depth: int) -> _Node:
        braced = self._accept("{")
        inner = self.ternary(depth + 1)
        if braced:
            self._expect("}")
        return inner


def _over(name: str, holder: _Node, predicate: _Node | None) -> _Node:
    def over(env: Env) -> Any:
        found = elements(holder(env))
        if predicate is None:
            return OVER_ELEMENTS[name](found, found)
        values = [predicate({**env, "#": element}) for element in found]
        return OVER_ELEMENTS[name](found, values)

    return over


def _named(name: str) -> _Node:
    if name in _NAMES:
        return lambda _env: _NAMES[name]
    if name != "result":
        raise NotUnderstoodError(f"the name {name} is not known")
    return lambda env: env["result"]


def _item(node: _Node, index: _Node) -> _Node:
    def item(env: Env) -> Any:
        holder, key = node(env), index(env)
        if isinstance(holder, dict):
            return holder.get(key)
        if not isinstance(holder, list | str):
            raise ConditionError(f"{kind(holder)} has no elements")
        place = int(number(key))
        if not -len(holder) <= place < len(holder):
            raise ConditionError(f"index {place} is out of range: there are {len(holder)} elements")
        return holder[place]

    return item


def _field(node: _Node, name: str, *, optional: bool) -> _Node:
    def field(env: Env) -> Any:
        holder = node(env)
        if isinstance(holder, dict):
            return holder.get(name)
        if optional and holder is None:
            return None
        raise ConditionError(f"{kind(holder)} has no field {name}")

    return field


def _not(node: _Node) -> _Node:
    return lambda env: not truth(node(env))


def _joined(op: str, left: _Node, right: _Node) -> _Node:
    if op == "&&":
        return lambda env: truth(left(env)) and truth(right(env))
    if op == "||":
        return lambda env: truth(left(env)) or truth(right(env))
    if op == "??":
        return lambda env: right(env) if (found := left(env)) is None else found
    calculate = BINARY[op]
    return lambda env: calculate(left(env), right(env))
