"""The `if` of GitHub: whether a step can run at all for a plain proposed change, or by the clock.

A plain change has no labels, is no draft and was not merged yet. What the files do not say (who the author is,
what another step found) is unknown, and a condition that hangs on it may hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

CHANGE_EVENTS = frozenset({"pull_request", "pull_request_target", "merge_group"})
EACH_COMMIT = ("opened", "synchronize")
_LONGEST = 1_000
_WHOLE = re.compile(r"\s*\$\{\{(.*)\}\}\s*", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<path>[A-Za-z_][\w-]*(?:\.(?:[\w-]+|\*)|\[\s*(?:'[^']*'|\d+|\*)\s*\])*)"""
    r"""|(?P<sign>==|!=|<=|>=|&&|\|\||[!<>(),]))"""
)
_INDEX = re.compile(r"\[\s*(?:'([^']*)'|(\d+|\*))\s*\]")


class _Thing(Enum):
    """Values that are no scalars."""

    UNKNOWN = "unknown"
    OBJECT = "object"
    NO_ITEMS = "no items"


_Value = str | float | bool | _Thing | tuple[str, ...] | None
_UNKNOWN = _Thing.UNKNOWN
_FIXED: Mapping[str, _Value] = {"true": True, "false": False, "null": None}
_OF_A_CHANGE: Mapping[str, _Value] = {
    "github.event.pull_request": _Thing.OBJECT,
    "github.event.pull_request.draft": False,
    "github.event.pull_request.merged": False,
    "github.event.pull_request.state": "open",
}
_LABELS = re.compile(r"github\.event\.pull_request\.labels(?:\..*)?")
_OF_OTHER_EVENTS = re.compile(
    r"github\.event\.(?:inputs|issue|comment|release|review|head_commit|commits|schedule|label"
    r"|workflow_run|client_payload|discussion|deployment)(?:\..*)?"
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a workflow was started: an event, and what happened in it."""

    event: str
    action: str = ""


def occasions_of_change(triggers: Mapping[str, Any]) -> list[list[Occasion]]:
    """For each event that starts a workflow at every commit of a change, the occasions to do so."""
    found = []
    for event in sorted(CHANGE_EVENTS.intersection(triggers)):
        actions = ("checks_requested",) if event == "merge_group" else EACH_COMMIT
        if event == "merge_group" or not missed_types(triggers[event]):
            found.append([Occasion(event, action) for action in actions])
    return found


def missed_types(event: object) -> list[str]:
    """The activities that bring new commits, and that the `types` of a pull request leave out."""
    types = listed(event, "types")
    return [kind for kind in EACH_COMMIT if kind not in types] if types else []


def listed(event: object, key: str) -> list[str]:
    """A filter of an event, a single text as a list of one."""
    value = event.get(key) if isinstance(event, dict) else None
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def may_hold(condition: str, occasion: Occasion, inputs: Mapping[str, str]) -> bool:
    """Whether a condition may hold; only what certainly does not is False."""
    whole = _WHOLE.fullmatch(condition)
    expression = whole[1] if whole else condition
    if "${{" in expression or len(expression) > _LONGEST:
        return True  # text with an expression in it is never empty, so it always holds
    tokens = _tokens(expression)
    reader = _Reader(tokens, occasion, inputs)
    try:
        value = reader.either()
    except (IndexError, RecursionError):
        return True
    return reader.position < len(tokens) or _truth(value) is not False


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


@lru_cache(maxsize=512)
def _tokens(expression: str) -> tuple[_Token, ...]:
    found, position = list[_Token](), 0
    text = expression.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return (_Token("sign", "?"),)
        found.append(_Token(str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    return tuple(found)


class _Reader:
    """Reads one expression from its tokens, and works it out on the way."""

    def __init__(
        self, tokens: tuple[_Token, ...], occasion: Occasion, inputs: Mapping[str, str]
    ) -> None:
        self.tokens = tokens
        self.occasion = occasion
        self.inputs = inputs
        self.position = 0

    def either(self) -> _Value:
        value = self._both()
        while self._takes("||"):
            other = self._both()
            truth = _truth(value)
            value = value if truth else other if truth is False else _unless(other, wanted=True)
        return value

    def _both(self) -> _Value:
        value = self._compared()
        while self._takes("&&"):
            other = self._compared()
            truth = _truth(value)
            value = other if truth else value if truth is False else _unless(other, wanted=False)
        return value

    def _compared(self) -> _Value:
        value = self._single()
        for sign in ("==", "!="):
            if self._takes(sign):
                same = _same(value, self._single())
                return same if same is _UNKNOWN else (same is (sign == "=="))
        if any(self._takes(sign) for sign in ("<=", ">=", "<", ">")):
            self._single()
            return _UNKNOWN
        return value

    def _single(self) -> _Value:
        if self._takes("!"):
            truth = _truth(self._single())
            return _UNKNOWN if truth is None else not truth
        if self._takes("("):
            value = self.either()
            self._takes(")")
            return value
        token = self.tokens[self.position]
        self.position += 1
        if token.kind == "text":
            return token.text[1:-1].replace("''", "'")
        if token.kind == "number":
            return float(token.text)
        if token.kind == "path":
            name = re.sub(_INDEX, lambda found: f".{found[1] or found[2]}", token.text).lower()
            return self._called(name) if self._takes("(") else self._known(name)
        raise IndexError(self.position)

    def _takes(self, sign: str) -> bool:
        if self.position < len(self.tokens) and self.tokens[self.position] == _Token("sign", sign):
            self.position += 1
            return True
        return False

    def _called(self, name: str) -> _Value:
        given = list[_Value]()
        while not self._takes(")"):
            given.append(self.either())
            self._takes(",")
        if name in {"always", "success"}:
            return True
        if name in {"failure", "cancelled"}:
            return False
        if name == "tojson" and given:
            return given[0] if given[0] is _Thing.NO_ITEMS else _UNKNOWN
        if name == "fromjson" and given and isinstance(given[0], str):
            return tuple(re.findall(r'"([^"]*)"', given[0])) if "[" in given[0] else _UNKNOWN
        return _asked(name, given)

    def _known(self, name: str) -> _Value:
        event = self.occasion.event
        if name in _FIXED:
            return _FIXED[name]
        if name == "github.event_name":
            return event
        if name == "github.event.action" and self.occasion.action:
            return self.occasion.action
        if name.startswith("inputs."):
            given = {key.lower(): value for key, value in self.inputs.items()}
            value = given.get(name.removeprefix("inputs."), "${{")
            if "${{" in value:
                return _UNKNOWN
            return {"true": True, "false": False}.get(value, value)
        return self._of_event(name, event)

    def _of_event(self, name: str, event: str) -> _Value:
        if event.startswith("pull_request"):
            if event == "pull_request":
                number = {"github.ref": "refs/pull/1/merge", "github.ref_name": "1/merge"}
                if name in number:
                    return number[name]
            if _LABELS.fullmatch(name):
                return _Thing.NO_ITEMS
            if name in _OF_A_CHANGE:
                return _OF_A_CHANGE[name]
        elif name.startswith("github.event.pull_request"):
            return None
        if event == "merge_group" and name == "github.ref_name":
            return "gh-readonly-queue/main/pr-1"
        if _OF_OTHER_EVENTS.fullmatch(name) and name != "github.event.schedule":
            return None
        return _UNKNOWN


def _truth(value: _Value) -> bool | None:
    """Whether a value counts as true; None if it is not known."""
    if value is _UNKNOWN:
        return None
    return True if isinstance(value, _Thing | tuple) else bool(value)


def _unless(value: _Value, *, wanted: bool) -> _Value:
    """What is left to say when the other side is unknown: this side alone may decide."""
    return value if _truth(value) is wanted else _UNKNOWN


def _same(left: _Value, right: _Value) -> bool | _Thing:
    for value in (left, right):
        if isinstance(value, _Thing | tuple):
            return _UNKNOWN
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    return _number(left) == _number(right)


def _number(value: _Value) -> float | str:
    """A scalar as GitHub compares those of different types: as a number, text too."""
    if isinstance(value, str):
        try:
            return float(value) if value else 0.0
        except ValueError:
            return value
    return float(value) if isinstance(value, bool | float) else 0.0


def _asked(name: str, given: list[_Value]) -> _Value:
    """`contains`, `startsWith` and `endsWith`; other functions are not worked out."""
    if len(given) < 2:
        return _UNKNOWN
    where, what = given[0], given[1]
    if name == "contains" and where is _Thing.NO_ITEMS:
        return False
    if not isinstance(what, str):
        return _UNKNOWN
    if name == "contains" and isinstance(where, tuple):
        return what.lower() in {item.lower() for item in where}
    if where is None:
        where = ""
    if not isinstance(where, str):
        return _UNKNOWN
    where, what = where.lower(), what.lower()
    if name == "contains":
        return what in where
    if name == "startswith":
        return where.startswith(what)
    return where.endswith(what) if name == "endswith" else _UNKNOWN
