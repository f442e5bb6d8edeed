"""`{% … %}` among expressions: choosing, repeating and naming, with an end to what a text may cost.

Expressions alone cost what their length allows. With loops and names a short text could take hours or all memory,
so whatever is gone through, named or filtered is paid for, and a text has only so much to spend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.runtime import Context

from flagstone.scaffolding.engine.filters import MAX_TEXT, TOO_LONG, bounded, is_missing, shown

# no template can write these: the names stand for what only the engine may reach
BUDGET = "\0budget"
_GONE_THROUGH, _NAMED, _JOINED = "\0gone-through", "\0named", "\0joined"

STATEMENTS: tuple[type[nodes.Node], ...] = (nodes.Assign, nodes.For, nodes.If)
LOOP = frozenset({"first", "index", "index0", "last", "length", "revindex", "revindex0"})

_MOST = 10_000
_LETTERS_FOR_ONE, _ENTRIES_FOR_ONE = 1000, 100


@dataclass(slots=True)
class Budget:
    """What one text may still spend."""

    left: int = _MOST

    def spend(self, cost: int) -> None:
        self.left -= cost
        if self.left < 0:
            raise ValueError("it goes through too much; make its lists or texts shorter")


def local_names(tree: nodes.Template) -> set[str]:
    """Return the names that a text gives to values of its own."""
    return {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}


def pay_for_blocks(tree: nodes.Template) -> None:
    """Have every loop and every named value of a parsed text paid for."""
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = _filtered(loop.iter, _GONE_THROUGH)
    for assignment in list(tree.find_all(nodes.Assign)):
        assignment.node = _filtered(assignment.node, _NAMED)


def joined(texts: nodes.Concat) -> nodes.Filter:
    """Make `a ~ b` something that has a limit."""
    return _filtered(nodes.List(texts.nodes, lineno=texts.lineno), _JOINED)


def paid(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that is paid for by the size of what it is given."""

    @pass_context
    def call(context: Context, value: Any, *arguments: Any, **options: Any) -> Any:
        context.resolve(BUDGET).spend(_cost(value))
        return function(value, *arguments, **options)

    return call


def _filtered(value: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(value, name, [], [], None, None, lineno=value.lineno)


def _cost(value: Any) -> int:
    if isinstance(value, str):
        return 1 + len(value) // _LETTERS_FOR_ONE
    return 1 + len(value) // _ENTRIES_FOR_ONE if isinstance(value, list | dict) else 1


@pass_context
def _gone_through(context: Context, value: Any) -> list[Any]:
    entries = [] if is_missing(value) else list(value)
    context.resolve(BUDGET).spend(len(entries))
    return entries


@pass_context
def _named(context: Context, value: Any) -> Any:
    """Refuse a value that grows by being put into itself again and again."""
    budget, letters = context.resolve(BUDGET), 0
    for part in _parts(value):
        budget.spend(1)
        letters += len(part) if isinstance(part, str) else 0
        if letters > MAX_TEXT:
            raise ValueError(TOO_LONG)
    return None if is_missing(value) else value


def _parts(value: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, dict):
            waiting += [*part, *part.values()]
        elif isinstance(part, list | tuple):
            waiting += part


def _join(values: list[Any]) -> str:
    return bounded("".join(str(shown(value)) for value in values))


BLOCK_FILTERS: dict[str, Callable[..., Any]] = {
    _GONE_THROUGH: _gone_through,
    _NAMED: _named,
    _JOINED: _join,
}
