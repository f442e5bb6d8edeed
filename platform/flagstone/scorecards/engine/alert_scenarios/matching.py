"""Selectors of series as matchers on labels, and label values that they accept."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_OPERATORS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
_LONGEST_PATTERN = 300
_TRIES = ("x", "1", "GET", "/x", "x-1", "10")
_PLAIN = re.compile(r"[^\\.+*?()\[\]{}|^$]*")


@dataclass(frozen=True, slots=True)
class Matcher:
    label: str
    operator: str
    value: str

    def accepts(self, value: str) -> bool:
        if self.operator in {"=", "!="}:
            return (value == self.value) is (self.operator == "=")
        found = _pattern(self.value)
        if found is None:
            return False
        return (found.fullmatch(value) is not None) is (self.operator == "=~")

    @property
    def literals(self) -> list[str]:
        """The values that it names: `a` and `b` of `=~"a|b"`."""
        if self.operator in {"=", "!="}:
            return [self.value]
        text = self.value.removeprefix("^").removesuffix("$")
        if text.startswith("(") and text.endswith(")"):
            text = text[1:-1].removeprefix("?:")
        return [part for part in text.split("|") if _PLAIN.fullmatch(part)]


@dataclass(frozen=True, slots=True)
class Selector:
    metric: str
    matchers: tuple[Matcher, ...]

    def on(self, label: str) -> tuple[Matcher, ...]:
        return tuple(matcher for matcher in self.matchers if matcher.label == label)

    def accepts(self, label: str, value: str) -> bool:
        return all(matcher.accepts(value) for matcher in self.on(label))

    @property
    def labels(self) -> dict[str, None]:
        return dict.fromkeys(matcher.label for matcher in self.matchers)


@lru_cache(maxsize=1024)  # several checks ask for the selectors of one expression
def selector_of(node: Any) -> Selector:
    """The selector of a parsed expression."""
    matchers = [
        Matcher(found.name, _OPERATORS[str(found.op).rpartition(".")[2]], found.value)
        for found in node.matchers.matchers
    ]
    named = [m.value for m in matchers if m.label == "__name__" and m.operator == "="]
    metric = node.name or (named[0] if named else "")
    return Selector(metric, tuple(m for m in matchers if m.label != "__name__"))


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str] | None:
    """Prometheus' RE2 as Python's; None for what only one of them knows, or what may run for ever."""
    if len(text) > _LONGEST_PATTERN or re.search(r"[+*}]\)[+*{]", text):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(text, re.DOTALL)
    except (re.error, OverflowError, RecursionError):
        return None


def accepted_value(matchers: Iterable[Matcher]) -> str | None:
    """Some value that all matchers on one label accept; "" is no label at all. None if none is found."""
    wanted = list(matchers)
    for value in _candidates(wanted):
        if all(matcher.accepts(value) for matcher in wanted):
            return value
    return None


def _candidates(matchers: list[Matcher]) -> Iterator[str]:
    for matcher in matchers:
        if matcher.operator == "=":
            yield matcher.value
        elif matcher.operator == "=~":
            yield from matcher.literals
            yield from _examples(matcher.value)
    yield ""
    yield from _TRIES


def _examples(pattern: str) -> Iterator[str]:
    """Texts that a simple pattern may match: wildcards become nothing or a letter."""
    text = pattern.removeprefix("^").removesuffix("$")
    for branch in _branches(text):
        for filler in ("", "x", "1"):
            found = re.sub(r"\[[^\]]*\][+*]?", filler or "x", branch)
            found = re.sub(r"\\[dw][+*]?|\.[+*]\??|\.", filler, found)
            yield re.sub(r"\\(.)", r"\1", re.sub(r"[()?^$]|(?<!\\)[+*]", "", found))


def _branches(text: str) -> list[str]:
    """One text for each alternative of the first group that has some; else the text itself."""
    found = re.search(r"\((?:\?:)?([^()]*\|[^()]*)\)", text)
    if found is None:
        return text.split("|")
    head, tail = text[: found.start()], text[found.end() :]
    return [f"{head}{choice}{tail}" for choice in found[1].split("|")]
