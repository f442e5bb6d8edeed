"""The shape of a CEL expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flagstone.policies.cel.errors import CelSyntaxError
from flagstone.policies.cel.tokens import Token, tokens

_DEEPEST = 60
_LONGEST = 64 * 1024
_RELATIONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_RESERVED = frozenset(
    {
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
        "loop", "package", "namespace", "return", "var", "void", "while",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`, or `operand.?field`."""

    operand: Node
    field: str
    optional: bool
    at: int


@dataclass(frozen=True, slots=True)
class Index:
    """`operand[index]`, or `operand[?index]`."""

    operand: Node
    index: Node
    optional: bool


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`, `target.function(arguments)`, or an operator."""

    function: str
    target: Node | None
    arguments: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, ?b]`."""

    items: tuple[tuple[Node, bool], ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    """`{a: 1, ?b: 2}`."""

    entries: tuple[tuple[Node, Node, bool], ...]


Node = Literal | Name | Select | Index | Call | ListOf | MapOf


def parse(text: str) -> Node:
    """Read an expression.

    Raises:
        CelSyntaxError: it is none, or one that is too long or too deep.
    """
    if len(text) > _LONGEST:
        raise CelSyntaxError(f"it is longer than {_LONGEST:,} characters")
    return _Parser(list(tokens(text))).whole()


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._place = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._expression()
        if self._next.kind != "end":
            raise self._unexpected()
        return node

    @property
    def _next(self) -> Token:
        return self._words[self._place]

    def _take(self) -> Token:
        word = self._next
        self._place += 1
        return word

    def _has(self, *signs: str) -> bool:
        word = self._next
        return word.kind == "sign" and word.text in signs

    def _accept(self, sign: str) -> bool:
        if self._has(sign):
            self._place += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            raise self._unexpected(f"; {sign} is expected")

    def _unexpected(self, more: str = "") -> CelSyntaxError:
        return CelSyntaxError(f"{self._next.text} stands where it cannot{more}", self._next.at)

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise CelSyntaxError(f"it is nested deeper than {_DEEPEST} expressions", self._next.at)
        condition = self._or()
        if self._has("?"):
            at = self._take().at
            yes = self._or()
            self._expect(":")
            condition = Call("?:", None, (condition, yes, self._expression()), at)
        self._depth -= 1
        return condition

    def _or(self) -> Node:
        return self._joined("||", self._and)

    def _and(self) -> Node:
        return self._joined("&&", self._relation)

    def _joined(self, sign: str, part: Any) -> Node:
        """A chain of one operator is one call: its length costs no depth."""
        first: Node = part()
        if not self._has(sign):
            return first
        parts, at = [first], self._next.at
        while self._accept(sign):
            parts.append(part())
        return Call(sign, None, tuple(parts), at)

    def _relation(self) -> Node:
        node = self._sum()
        while self._has(*_RELATIONS) or (self._next.kind == "name" and self._next.text == "in"):
            word = self._take()
            node = Call(word.text, None, (node, self._sum()), word.at)
        return node

    def _sum(self) -> Node:
        node = self._product()
        while self._has("+", "-"):
            word = self._take()
            node = Call(word.text, None, (node, self._product()), word.at)
        return node

    def _product(self) -> Node:
        node = self._unary()
        while self._has("*", "/", "%"):
            word = self._take()
            node = Call(word.text, None, (node, self._unary()), word.at)
        return node

    def _unary(self) -> Node:
        if not self._has("!", "-"):
            return self._member()
        signs = [self._take()]
        while self._has(signs[0].text):
            signs.append(self._take())
        if self._has("-"):
            return Call("!_", None, (self._negative(signs[0].at),), signs[0].at)
        node = self._member()
        if len(signs) % 2 == 0:
            return node
        sign = signs[0]
        if sign.text == "-" and isinstance(node, Literal) and type(node.value) in {int, float}:
            return Literal(-node.value)
        return Call("!_" if sign.text == "!" else "-_", None, (node,), sign.at)

    def _negative(self, at: int) -> Node:
        """A negative number after `!`; no other minus may stand there."""
        self._take()
        node = self._member()
        if not isinstance(node, Literal) or type(node.value) not in {int, float}:
            raise CelSyntaxError("- cannot follow !", at)
        return Literal(-node.value)

    def _member(self) -> Node:
        node = self._primary()
        while True:
            if self._accept("."):
                node = self._selected(node)
            elif self._accept("["):
                optional = self._accept("?")
                node = Index(node, self._expression(), optional)
                self._expect("]")
            elif self._has("{") and isinstance(node, Name | Select):
                raise CelSyntaxError("objects of a type cannot be made here", self._next.at)
            else:
                return node

    def _selected(self, node: Node) -> Node:
        optional = self._accept("?")
        word = self._take()
        if word.kind != "name":
            self._place -= 1
            raise self._unexpected("; the name of a field is expected")
        if not optional and self._accept("("):
            return Call(word.text, node, self._arguments(")"), word.at)
        return Select(node, word.text, optional, word.at)

    def _primary(self) -> Node:
        word = self._next
        if word.kind == "value":
            self._take()
            return Literal(word.value)
        if word.kind == "name":
            return self._named()
        if self._accept("."):  # a name from the root
            return self._named()
        if self._accept("("):
            node = self._expression()
            self._expect(")")
            return node
        if self._accept("["):
            return ListOf(tuple(self._items()))
        if self._accept("{"):
            return MapOf(tuple(self._entries()))
        raise self._unexpected()

    def _named(self) -> Node:
        word = self._take()
        if word.kind != "name" or word.text in _RESERVED or word.text == "in":
            self._place -= 1
            raise self._unexpected()
        if self._accept("("):
            return Call(word.text, None, self._arguments(")"), word.at)
        return Name(word.text, word.at)

    def _arguments(self, end: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while not self._accept(end):
            found.append(self._expression())
            if not self._has(end):
                self._expect(",")
        return tuple(found)

    def _items(self) -> list[tuple[Node, bool]]:
        found: list[tuple[Node, bool]] = []
        while not self._accept("]"):
            optional = self._accept("?")
            found.append((self._expression(), optional))
            if not self._has("]"):
                self._expect(",")
        return found

    def _entries(self) -> list[tuple[Node, Node, bool]]:
        found: list[tuple[Node, Node, bool]] = []
        while not self._accept("}"):
            optional = self._accept("?")
            key = self._expression()
            self._expect(":")
            found.append((key, self._expression(), optional))
            if not self._has("}"):
                self._expect(",")
        return found
