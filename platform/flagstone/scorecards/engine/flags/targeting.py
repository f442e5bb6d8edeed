"""Targeting rules of flagd: JSON logic, of which only `fractional` is judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.objects import mapping
from flagstone.policies.manifests.source_lines import Keys
from flagstone.scorecards.engine.flags.flag_sets import Flag

_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Fraction:
    """One `fractional`, and the way to it from the flag or, for a shared rule, from the set."""

    value: Any
    keys: Keys
    shared: str = ""


def fractions(flag: Flag) -> Iterator[Fraction]:
    """Every `fractional` of a flag's targeting, those of the `$evaluators` that it refers to too."""
    evaluators = mapping(flag.owner.value.get("$evaluators"))
    waiting: list[tuple[Any, Keys, str]] = [(flag.raw.get("targeting"), ("targeting",), "")]
    seen = set[str]()
    while waiting:
        value, keys, shared = waiting.pop()
        if len(keys) > _DEEPEST:
            continue
        if isinstance(value, list):
            waiting += [(item, (*keys, number), shared) for number, item in enumerate(value)]
        elif isinstance(value, dict):
            for name, inner in value.items():
                if name == "fractional":
                    yield Fraction(inner, (*keys, name), shared)
                elif name == "$ref" and isinstance(inner, str):
                    if inner in evaluators and inner not in seen:
                        seen.add(inner)
                        waiting.append((evaluators[inner], ("$evaluators", inner), inner))
                else:
                    waiting.append((inner, (*keys, name), shared))


def variables(value: Any) -> set[str]:
    """The names of the `var`s in a rule."""
    found = set[str]()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            for name, inner in item.items():
                first = inner[0] if isinstance(inner, list) and inner else inner
                if name == "var" and isinstance(first, str):
                    found.add(first)
                else:
                    waiting.append(inner)
    return found


def constants(value: Any) -> set[str]:
    """The texts that a `cat` puts into a key by itself."""
    items = mapping(value).get("cat")
    return {item for item in items if isinstance(item, str)} if isinstance(items, list) else set()
