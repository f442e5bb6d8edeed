"""Which label of a counter tells good answers from bad ones, and by which values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from flagstone.scorecards.engine.alert_scenarios.matching import Matcher, Selector


@dataclass(frozen=True, slots=True)
class Answers:
    """Values of the status label; without redirects and callers' mistakes, both count as good.

    Attributes:
        failures: of the service itself, each of which alerts must see; the first is the one that happens.
    """

    label: str
    good: str
    moved: str
    mistaken: str
    failures: tuple[str, ...]

    @property
    def bad(self) -> str:
        return self.failures[0]

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.good, self.moved, self.mistaken, self.bad)))

    def unseen_by(self, selectors: Iterable[Selector]) -> Answers | None:
        """The same with those failures alone that no selector tells from good; None if there is none."""
        asked = [selector.on(self.label) for selector in selectors]
        unseen = tuple(f for f in self.failures if not _differ(asked, (f, self.good)))
        return replace(self, failures=unseen) if unseen else None


@dataclass(frozen=True, slots=True)
class _Domain:
    """One notation of answers; `more` are others of it, by which a selector shows that it means them."""

    good: str
    moved: str
    mistaken: str
    failures: tuple[str, ...]
    more: tuple[str, ...] = ()


def _numbers(*ranges: tuple[int, int]) -> tuple[str, ...]:
    return tuple(str(number) for first, last in ranges for number in range(first, last + 1))


_GRPC = (
    _Domain(
        "OK",
        "OK",
        "NotFound",
        ("Unavailable", "Internal"),
        ("Unknown", "DataLoss", "DeadlineExceeded", "InvalidArgument", "PermissionDenied"),
    ),
    _Domain(
        "OK",
        "OK",
        "NOT_FOUND",
        ("UNAVAILABLE", "INTERNAL"),
        ("UNKNOWN", "DATA_LOSS", "DEADLINE_EXCEEDED", "INVALID_ARGUMENT", "PERMISSION_DENIED"),
    ),
    _Domain("0", "0", "5", ("14", "13"), ("2", "3", "4", "6", "7", "8", "9", "15", "16")),
)
_CODES = _numbers((200, 208), (300, 308), (400, 431), (499, 511), (520, 527))
_DOMAINS = (
    _Domain("200", "302", "404", ("503", "500"), _CODES),
    _Domain("2xx", "3xx", "4xx", ("5xx",)),
    _Domain("2XX", "3XX", "4XX", ("5XX",)),
    _Domain("2", "3", "4", ("5",)),
    _Domain("SUCCESS", "REDIRECTION", "CLIENT_ERROR", ("SERVER_ERROR",)),
    *_GRPC,
)
_USUAL = (
    "code",
    "status",
    "status_code",
    "response_code",
    "http_status",
    "http_status_code",
    "http_response_status_code",
    "grpc_code",
    "grpc_status",
    "outcome",
    "result",
    "classification",
)
_NEVER = frozenset({"le", "quantile", "namespace", "service", "job", "pod", "instance"})
_OF_CODES = re.compile(r"(?i)code|status|grpc")  # elsewhere Internal may be anyone's word
_OF_ANSWERS = re.compile(r"(?i)code|status|grpc|class|outcome|result")
_BAD_WORDS = ("fail", "err", "exception", "timeout", "reject", "abort", "crash", "5xx", "unavail")
_GOOD_WORDS = ("ok", "success", "succeed", "done", "complete", "accept", "processed", "none")

_Asked = list[tuple[Matcher, ...]]


def answers_of(selectors: Iterable[Selector]) -> Answers | None:
    """The answers of one metric, told by selectors that part failures from good; None if none does."""
    return _first(selectors, lambda label, asked: _parted(label, asked) or _of_words(label, asked))


def answers_asked_for(selectors: Iterable[Selector]) -> Answers | None:
    """The answers of one metric whose selectors ask for some answers, be they not for failures."""
    return _first(selectors, _mentioned)


def _first(
    selectors: Iterable[Selector], find: Callable[[str, _Asked], Answers | None]
) -> Answers | None:
    asked: dict[str, dict[tuple[Matcher, ...], None]] = {}
    for selector in selectors:
        for label in selector.labels:
            if label not in _NEVER:
                asked.setdefault(label, {})[selector.on(label)] = None
    order = sorted(asked, key=lambda label: (_USUAL.index(label) if label in _USUAL else 99, label))
    return next(filter(None, (find(label, list(asked[label])) for label in order)), None)


def _parted(label: str, asked: _Asked) -> Answers | None:
    """By the first notation of which all failures are parted, or some: `500|5xx` means all of its second."""
    some: Answers | None = None
    for domain in _domains(label):
        parted = tuple(f for f in domain.failures if _differ(asked, (f, domain.good)))
        if parted == domain.failures:
            return _answers(label, domain, parted)
        if parted and some is None:
            sure = domain.good.isdigit() or _OF_CODES.search(label)
            some = _answers(label, domain, domain.failures if sure else parted)
    return some


def _mentioned(label: str, asked: _Asked) -> Answers | None:
    if not _OF_ANSWERS.search(label):
        return None
    for domain in _domains(label):
        if domain in _GRPC and not _OF_CODES.search(label):
            continue
        known = (domain.good, domain.moved, domain.mistaken, *domain.failures, *domain.more)
        if _differ(asked, known):
            return _answers(label, domain, domain.failures)
    return None


def _domains(label: str) -> tuple[_Domain, ...]:
    return _GRPC if "grpc" in label.lower() else _DOMAINS


def _answers(label: str, domain: _Domain, failures: tuple[str, ...]) -> Answers:
    return Answers(label, domain.good, domain.moved, domain.mistaken, failures)


def _differ(asked: _Asked, values: Iterable[str]) -> bool:
    """Whether something that is asked for is some of the values and not all of them."""
    return any(len({_accepts(some, value) for value in values}) > 1 for some in asked)


def _of_words(label: str, asked: _Asked) -> Answers | None:
    """Words such as `failed` and `done`, where one of them is named and tells them apart."""
    named = list(dict.fromkeys(v for some in asked for m in some for v in m.literals))
    bad = [value for value in named if _is_bad(label, value)]
    good = [value for value in named if not _is_bad(label, value) and _is_good(label, value)]
    for one, other in _pairs(label, bad, good):
        if _differ(asked, (one, other)):
            return Answers(label, other, other, other, (one,))
    return None


def _pairs(label: str, bad: list[str], good: list[str]) -> Iterator[tuple[str, str]]:
    truth = {"true": "false", "false": "true"}
    for value in bad:
        yield from ((value, other) for other in good)
        yield value, truth.get(value, "done")
    for value in good:
        yield truth.get(value, "failed"), value


def _is_bad(label: str, value: str) -> bool:
    if value in {"true", "false"}:
        return (value == "true") is any(word in label.lower() for word in _BAD_WORDS)
    return value not in _MISTAKES and any(word in value.lower() for word in _BAD_WORDS)


_MISTAKES = frozenset(domain.mistaken for domain in _DOMAINS)


def _is_good(label: str, value: str) -> bool:
    if value in {"true", "false"}:
        return True
    if value == "":
        return any(word in label.lower() for word in _BAD_WORDS)
    return any(value.lower().startswith(word) for word in _GOOD_WORDS)


def _accepts(matchers: tuple[Matcher, ...], value: str) -> bool:
    return all(matcher.accepts(value) for matcher in matchers)
