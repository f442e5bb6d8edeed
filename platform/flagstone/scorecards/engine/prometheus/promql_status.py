"""Which answers of a service a PromQL selector counts: by the codes that its label matchers let through.

A matcher is tried on the codes themselves, so `5..`, `5.*`, `[5].+` and `500|502|503|504` are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_LABEL = re.compile(
    r"(?i)(?:.*_)?(?:code|status|statuscode|status_code|response_class|outcome|code_class|status_class)"
)
_LONGEST_PATTERN = 300
_MOST_REPEATS = 6
_GROUP_REPEATED = re.compile(r"\)\s*[*+?{]")


class Kind(StrEnum):
    """What a set of codes is."""

    ERRORS = "errors"
    SUCCESSES = "successes"
    CALLERS = "mistakes of callers among the errors"
    ASIDE = "mistakes of callers or a few codes alone: no measure of errors, and fair beside one"
    WRONG = "neither"


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """Codes of one form: those that are the service's fault, and those that are not.

    Attributes:
        bad: an error ratio counts each of them.
        good: it counts none of them.
        callers: mistakes of callers: it should count none of them.
        seldom: codes that an error ratio may count or not, and that make none alone.
    """

    bad: tuple[str, ...]
    good: tuple[str, ...]
    callers: tuple[str, ...]
    seldom: tuple[str, ...] = ()


_GRPC_BAD = ("Unknown", "Internal", "Unavailable", "DataLoss", "DeadlineExceeded")
_GRPC_CALLERS = (
    "InvalidArgument",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "Unauthenticated",
)


def _screaming(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper() for name in names)


_VOCABULARIES = (
    _Vocabulary(
        ("500", "503"),
        ("200", "201", "204", "302"),
        ("400", "404"),
        ("401", "403", "405", "409", "410", "422", "429", "499", "501", "502", "504"),
    ),
    _Vocabulary(("5xx",), ("2xx", "3xx"), ("4xx",)),
    _Vocabulary(("5XX",), ("2XX", "3XX"), ("4XX",)),
    _Vocabulary(("5",), ("2", "3"), ("4",)),
    _Vocabulary(_GRPC_BAD, ("OK",), _GRPC_CALLERS),
    _Vocabulary(_screaming(_GRPC_BAD), ("OK",), _screaming(_GRPC_CALLERS)),
    _Vocabulary(("SERVER_ERROR",), ("SUCCESS", "REDIRECTION"), ("CLIENT_ERROR",)),
)
_GRPC_NUMBERS = _Vocabulary(("2", "13", "14", "15", "4"), ("0",), ("3", "5", "6", "7", "16"))


@dataclass(frozen=True, slots=True)
class StatusMatcher:
    """The matchers of one selector on a status label, and what they let through."""

    text: str
    kind: Kind
    counted: tuple[str, ...]


def status_matchers(selector: Any) -> Iterator[StatusMatcher]:
    """What the matchers of a selector on each of its status labels let through.

    Matchers that let everything through, or nothing that is known, say nothing.
    """
    by_label: dict[str, list[Any]] = {}
    for matcher in selector.matchers.matchers:
        if _LABEL.fullmatch(matcher.name):
            by_label.setdefault(matcher.name, []).append(matcher)
    for label, matchers in by_label.items():
        text = ",".join(f'{label}{_SIGNS[str(m.op)]}"{m.value}"' for m in matchers)
        found = _read(label, matchers)
        if found is not None:
            yield StatusMatcher(text, *found)


def has_status(selector: Any) -> bool:
    """Whether a selector looks at a status label."""
    return any(_LABEL.fullmatch(matcher.name) for matcher in selector.matchers.matchers)


_SIGNS = {
    "MatchOp.Equal": "=",
    "MatchOp.NotEqual": "!=",
    "MatchOp.Re": "=~",
    "MatchOp.NotRe": "!~",
}


def _read(label: str, matchers: list[Any]) -> tuple[Kind, tuple[str, ...]] | None:
    tests = [test for test in map(_test, matchers) if test is not None]
    if len(tests) < len(matchers):
        return None
    grpc = "grpc" in label.lower()
    for words in (_GRPC_NUMBERS, *_VOCABULARIES[4:]) if grpc else _VOCABULARIES:
        every = (*words.bad, *words.good, *words.callers)
        counted = tuple(w for w in (*every, *words.seldom) if all(test(w) for test in tests))
        tried = set(counted) & set(every)
        if counted and len(tried) < len(every):
            return _kind(words, tried), tuple(w for w in counted if w in tried or not tried)
    return None


def _kind(words: _Vocabulary, counted: set[str]) -> Kind:
    bad, good, callers = set(words.bad), set(words.good), set(words.callers)
    if counted <= callers:
        return Kind.ASIDE
    if counted == bad:
        return Kind.ERRORS
    if counted == good | callers:
        return Kind.SUCCESSES
    errors = counted if counted & bad else (bad | good | callers) - counted
    return Kind.CALLERS if bad <= errors and not errors & good else Kind.WRONG


def _test(matcher: Any) -> Any:
    op, value = str(matcher.op), matcher.value
    if op in {"MatchOp.Equal", "MatchOp.NotEqual"}:
        return lambda code: (code == value) is (op == "MatchOp.Equal")
    pattern = _pattern(value)
    if pattern is None:
        return None
    return lambda code: bool(pattern.fullmatch(code)) is (op == "MatchOp.Re")


def _pattern(text: str) -> re.Pattern[str] | None:
    """A pattern that is quick on any short text; None for one that may not be."""
    repeats = sum(text.count(sign) for sign in "*+{")
    if len(text) > _LONGEST_PATTERN or repeats > _MOST_REPEATS or _GROUP_REPEATED.search(text):
        return None
    try:
        return re.compile(text)
    except re.error:
        return None
