"""Answers of a provider whose form is not known, as a web service has it, chosen by what conditions name.

A condition may ask each field for another type, so fields have values of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flagstone.scorecards.engine.analysis.condition_reader import tokens

_MOST = 2000  # combinations of the fields' values; of more, so many are tried
_A_PRIME = 2_147_483_647
_ANOTHER = "another text"
_ROWS = object()  # a list of objects of the same form
_Token = tuple[str, Any]


class _Row(dict[str, Any]):
    """An object of an answer; what holds further fields is of the same form."""

    def __init__(self, values: Mapping[str, Any], holders: frozenset[str]) -> None:
        super().__init__(values)
        self._holders = holders

    def get(self, key: Any, default: Any = None) -> Any:
        if key in self._holders or not isinstance(key, str):
            return self
        found = super().get(key, default)
        return [self] if found is _ROWS else found

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = None


def possible_answers(conditions: Sequence[str], numbers: Sequence[float]) -> Iterator[Any]:
    """Single values, lists and objects in which each field that a condition reads has every value.

    Args:
        conditions: of one metric, as far as it has them.
        numbers: those at which a condition may change its mind, and some around them.

    Raises:
        NotUnderstoodError: a condition is beyond what is read.
    """
    read = [tokens(condition) for condition in conditions]
    texts = dict.fromkeys(value for some in read for kind, value in some if kind == "text")
    values = [*numbers, *map(str, numbers), *texts, _ANOTHER, True, False]
    for value in values:
        yield value
        yield [value]
    fields, holders, lists = _fields(read)
    listed = [_ROWS, [], *([value] for value in values)]
    for chosen in _combinations([listed if name in lists else values for name in fields]):
        row = _Row(dict(zip(fields, chosen, strict=True)), holders)
        yield row
        yield [row]


def _fields(
    conditions: Sequence[Sequence[_Token]],
) -> tuple[list[str], frozenset[str], frozenset[str]]:
    """The fields whose values count, those that hold further fields, and those given to a function."""
    ends: dict[str, None] = {}
    holders: set[str] = set()
    lists: set[str] = set()
    for read in conditions:
        words = [value for _, value in read] + [None, None]
        for position, (kind, value) in enumerate(read):
            before = words[position - 1] if position else None
            is_key = kind == "text" and before == "[" and words[position + 1] == "]"
            following = words[position + 2 if is_key else position + 1]
            if is_key or (kind == "name" and before in {".", "?."}):
                if following in {".", "?.", "["}:
                    holders.add(value)
                else:
                    ends[value] = None
                if following == "," or _is_all_of_a_call(words, position):
                    lists.add(value)
    fields = [name for name in ends if name not in holders]
    return fields, frozenset(holders), frozenset(lists)


def _is_all_of_a_call(words: Sequence[Any], position: int) -> bool:
    """Whether it is all that a function is given, as in `len(result.items)`."""
    if words[position + 1] != ")":
        return False
    while position > 0 and (words[position] in {".", "?."} or _is_name(words[position])):
        position -= 1
    return position > 0 and words[position] == "(" and _is_name(words[position - 1])


def _is_name(word: Any) -> bool:
    return isinstance(word, str) and word.isidentifier()


def _combinations(values: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """All of them, or so many from everywhere among them."""
    total = math.prod(map(len, values))
    step = 1 if total <= _MOST else _A_PRIME
    for number in range(min(total, _MOST)):
        place, chosen = number * step % total, list[Any]()
        for choices in values:
            place, index = divmod(place, len(choices))
            chosen.append(choices[index])
        yield tuple(chosen)
