"""One block of a module, from either syntax, and the lines of what it holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import hcl2
from lark import Token, Tree
from lark.exceptions import LarkError, UnexpectedInput

from flagstone.policies.terraform.statements import BrokenStatement, Statement

MOST_BYTES = 16 * 1024
# The parser's own patterns need time that grows with the square of such a run.
_ENDLESS = re.compile(r"(?:-\d\s*){200}|\s{2000}")
Expression = Any  # a tree of the parser, or a value of the JSON syntax


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A block: `resource "aws_s3_bucket" "artifacts" {...}`.

    Attributes:
        kind: the word that it starts with.
        labels: the names behind it.
        path: its file.
        attributes: expressions, not yet worked out.
        blocks: those inside it.
    """

    kind: str
    labels: tuple[str, ...]
    path: str
    attributes: dict[str, Expression]
    blocks: tuple[Block, ...]
    _line: Callable[[str], int] = field(repr=False)

    def line(self, attribute: str = "") -> int:
        """The line of an attribute or inner block; of one that is not there, the block's own."""
        return self._line(attribute)

    def nested(self, kind: str) -> list[Block]:
        """The inner blocks of a kind; a dynamic one counts as its content."""
        found = [block for block in self.blocks if block.kind == kind]
        for block in self.blocks:
            if block.kind == "dynamic" and block.labels[:1] == (kind,):
                found += block.nested("content")
        return found

    @property
    def address(self) -> str:
        """How expressions name it."""
        return ".".join((("data",) if self.kind == "data" else ()) + self.labels)


def overridden(block: Block, other: Block) -> Block:
    """The block with what one of the same name in an override file says differently."""
    kinds = {inner.kind for inner in other.blocks}
    kept = tuple(inner for inner in block.blocks if inner.kind not in kinds)
    return Block(
        block.kind,
        block.labels,
        block.path,
        block.attributes | other.attributes,
        kept + other.blocks,
        block.line,
    )


def block_of(statement: Statement, path: str) -> Block:
    """Read a statement that is a block.

    Raises:
        BrokenStatement: the parser does not understand it.
    """
    tree = _parsed(statement.text)
    if isinstance(tree, BrokenStatement):
        raise BrokenStatement(str(tree), statement.line + tree.line - 1)
    return _block(tree, path, statement.line - 1)


def expression_of(text: str) -> Expression:
    """Read the text of one expression.

    Raises:
        BrokenStatement: the parser does not understand it.
    """
    tree = _parsed(f"x = ({text})")
    if isinstance(tree, BrokenStatement):
        raise BrokenStatement(str(tree), tree.line)
    return tree.children[-1]


def attribute_of(statement: Statement) -> Expression:
    """Read a statement that is an attribute, and return its expression.

    Raises:
        BrokenStatement: the parser does not understand it.
    """
    tree = _parsed(statement.text)
    if isinstance(tree, BrokenStatement):
        raise BrokenStatement(str(tree), statement.line + tree.line - 1)
    return tree.children[-1]


@lru_cache(maxsize=512)
def _parsed(text: str) -> Tree[Token] | BrokenStatement:
    """The tree of the one statement of a text, or what is wrong with it."""
    if len(text) > MOST_BYTES:
        return BrokenStatement(f"it is longer than {MOST_BYTES:,} characters", 1)
    if _ENDLESS.search(text):
        return BrokenStatement("it holds an endless run of blanks or of -1-1-1", 1)
    try:
        body = hcl2.parses_to_tree(text).children[0]
    except UnexpectedInput as error:
        found = getattr(error, "token", None) or getattr(error, "char", "")
        near = str(found).strip().partition("\n")[0][:40]
        return BrokenStatement(f"it cannot be understood near {near!r}", max(error.line, 1))
    except (LarkError, RecursionError, ValueError) as error:
        return BrokenStatement(f"it cannot be understood: {str(error)[:100]}", 1)
    found = [child for child in body.children if child.data in {"block", "attribute"}]
    return found[0] if found else BrokenStatement("it is empty", 1)


def _block(tree: Tree[Token], path: str, offset: int) -> Block:
    words = [word for word in _trees(tree) if word.data != "body"]
    names = [_word(word) for word in words if word.data != "new_line_or_comment"]
    lines = {"": words[0].meta.line + offset}
    attributes: dict[str, Expression] = {}
    blocks: list[Block] = []
    for child in _trees(next(child for child in _trees(tree) if child.data == "body")):
        if child.data == "attribute":
            name = _word(_trees(child)[0])
            attributes[name] = child.children[-1]
            lines[name] = child.meta.line + offset
        elif child.data == "block":
            inner = _block(child, path, offset)
            blocks.append(inner)
            lines.setdefault(inner.kind, inner.line())
    return Block(
        names[0],
        tuple(names[1:]),
        path,
        attributes,
        tuple(blocks),
        lambda name: lines.get(name, lines[""]),
    )


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in tree.children if isinstance(child, Tree)]


def _word(tree: Tree[Token]) -> str:
    tokens = tree.scan_values(lambda value: isinstance(value, Token))
    return "".join(token for token in tokens if token.type != "DBLQUOTE")


def json_blocks(
    value: Any, path: str, line: Callable[[tuple[str | int, ...]], int]
) -> Iterator[Block]:
    """The blocks of a file in the JSON syntax; `line` finds the line of a way from the root.

    Raises:
        BrokenStatement: it is not shaped as Terraform's JSON is.
    """
    for kind, depth in _LABELS.items():
        yield from _labelled(value.get(kind, {}), kind, depth, path, line, (kind,), ())


_LABELS = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1, "locals": 0}


def _labelled(
    value: Any,
    kind: str,
    depth: int,
    path: str,
    line: Callable[[tuple[str | int, ...]], int],
    keys: tuple[str | int, ...],
    labels: tuple[str, ...],
) -> Iterator[Block]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _labelled(item, kind, depth, path, line, (*keys, number), labels)
    elif not isinstance(value, dict):
        raise BrokenStatement(f"{kind} must hold objects", line(keys))
    elif depth == len(labels):
        yield _json_block(value, kind, labels, path, line, keys)
    else:
        for name, inner in value.items():
            if name != "//":
                yield from _labelled(inner, kind, depth, path, line, (*keys, name), (*labels, name))


def _json_block(
    value: dict[str, Any],
    kind: str,
    labels: tuple[str, ...],
    path: str,
    line: Callable[[tuple[str | int, ...]], int],
    keys: tuple[str | int, ...],
) -> Block:
    """A JSON object may be an attribute or a block; here it is both, and who asks decides."""
    blocks: list[Block] = []
    for name, inner in value.items():
        if isinstance(inner, dict):
            blocks.append(_json_block(inner, name, (), path, line, (*keys, name)))
        elif isinstance(inner, list):
            blocks += [
                _json_block(item, name, (), path, line, (*keys, name, number))
                for number, item in enumerate(inner)
                if isinstance(item, dict)
            ]
    return Block(
        kind,
        labels,
        path,
        value,
        tuple(blocks),
        lambda name: line((*keys, name) if name else keys),
    )
