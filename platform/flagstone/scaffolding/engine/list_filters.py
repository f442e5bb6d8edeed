"""Nunjucks' filters of lists and mappings, with its results where Jinja's own differ.

What they give holds no more than what they were given, and what fills it up is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Undefined

_MOST_PARTS = 1000


def is_truthy(value: Any) -> bool:
    """Tell what JavaScript takes for true: an empty list and an empty mapping are."""
    return not (value is None or isinstance(value, Undefined) or value in (False, 0, ""))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


TESTS: dict[str, Callable[..., bool]] = {
    "defined": lambda value: not (value is None or isinstance(value, Undefined)),
    "divisibleby": lambda value, by: value % by == 0,
    "eq": lambda value, other: value == other,
    "equalto": lambda value, other: value == other,
    "even": lambda value: value % 2 == 0,
    "falsy": lambda value: not is_truthy(value),
    "ge": lambda value, other: value >= other,
    "greaterthan": lambda value, other: value > other,
    "gt": lambda value, other: value > other,
    "le": lambda value, other: value <= other,
    "lessthan": lambda value, other: value < other,
    "lower": lambda value: str(value) == str(value).lower(),
    "lt": lambda value, other: value < other,
    "mapping": lambda value: isinstance(value, Mapping),
    "ne": lambda value, other: value != other,
    "none": lambda value: value is None,
    "null": lambda value: value is None,
    "number": _is_number,
    "odd": lambda value: value % 2 == 1,
    "sameas": lambda value, other: value == other,
    "string": lambda value: isinstance(value, str),
    "truthy": is_truthy,
    "undefined": lambda value: value is None or isinstance(value, Undefined),
    "upper": lambda value: str(value) == str(value).upper(),
}


def _of(item: Any, dotted: Any) -> Any:
    for key in str(dotted).split("."):
        item = item.get(key) if isinstance(item, Mapping) else None
    return item


def _entries(value: Any) -> list[Any]:
    return list(value or ())


def _test(name: str) -> Callable[..., bool]:
    if name not in TESTS:
        raise ValueError(f"there is no test '{name}'; there are {', '.join(sorted(TESTS))}")
    return TESTS[name]


def _select(value: Any, test: str = "truthy", *other: Any) -> list[Any]:
    holds = _test(test)
    return [item for item in _entries(value) if holds(item, *other)]


def _reject(value: Any, test: str = "truthy", *other: Any) -> list[Any]:
    holds = _test(test)
    return [item for item in _entries(value) if not holds(item, *other)]


def _parts(number: Any) -> int:
    count = int(number)
    if not 0 < count <= _MOST_PARTS:
        raise ValueError(f"the number of entries must be from 1 to {_MOST_PARTS}")
    return count


def _batch(value: Any, size: int, fill: Any = None) -> list[list[Any]]:
    entries, count = _entries(value), _parts(size)
    rows = [entries[at : at + count] for at in range(0, len(entries), count)]
    if rows and is_truthy(fill):
        rows[-1] += [fill] * (count - len(rows[-1]))
    return rows


def _slice(value: Any, number: int, fill: Any = None) -> list[list[Any]]:
    entries, count = _entries(value), _parts(number)
    length, longer = divmod(len(entries), count)
    columns, at = [], 0
    for column in range(count):
        end = at + length + (column < longer)
        is_short = longer and column >= longer and is_truthy(fill)
        columns.append(entries[at:end] + ([fill] if is_short else []))
        at = end
    return columns


def _order(value: Any, *, is_case_sensitive: bool) -> tuple[int, float, str]:
    """Order numbers by size and texts by their letters; what is nothing comes last."""
    if value is None or isinstance(value, Undefined):
        return 2, 0, ""
    if isinstance(value, int | float):
        return 0, value, ""
    return 1, 0, str(value) if is_case_sensitive else str(value).lower()


def _sort(
    value: Any,
    reverse: bool = False,  # noqa: FBT001, FBT002 - the template's signature
    case_sensitive: bool = False,  # noqa: FBT001, FBT002 - the template's signature
    attribute: Any = None,
) -> list[Any]:
    def key(item: Any) -> tuple[int, float, str]:
        wanted = item if attribute is None else _of(item, attribute)
        return _order(wanted, is_case_sensitive=bool(case_sensitive))

    return sorted(_entries(value), key=key, reverse=bool(reverse))


def _dictsort(
    value: Any,
    case_sensitive: bool = False,  # noqa: FBT001, FBT002 - the template's signature
    by: str = "key",
) -> list[list[Any]]:
    if not isinstance(value, Mapping) or by not in ("key", "value"):
        raise ValueError("dictsort takes a mapping, and sorts by 'key' or by 'value'")
    place = 0 if by == "key" else 1
    return sorted(
        ([key, item] for key, item in value.items()),
        key=lambda pair: _order(pair[place], is_case_sensitive=bool(case_sensitive)),
    )


def _groupby(value: Any, attribute: Any) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for item in _entries(value):
        groups.setdefault(_property_name(_of(item, attribute)), []).append(item)
    return groups


def _property_name(value: Any) -> str:
    """Name a property as JavaScript does, whose mappings have texts as keys only."""
    if value is None:
        return "undefined"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _sum(value: Any, attribute: Any = None, start: Any = 0) -> Any:
    entries = _entries(value)
    numbers = entries if attribute is None else [_of(item, attribute) for item in entries]
    return sum(numbers, start)


LIST_FILTERS: dict[str, Callable[..., Any]] = {
    "batch": _batch,
    "dictsort": _dictsort,
    "groupby": _groupby,
    "reject": _reject,
    "rejectattr": lambda value, key: [e for e in _entries(value) if not is_truthy(_of(e, key))],
    "select": _select,
    "selectattr": lambda value, key: [e for e in _entries(value) if is_truthy(_of(e, key))],
    "slice": _slice,
    "sort": _sort,
    "sum": _sum,
}
