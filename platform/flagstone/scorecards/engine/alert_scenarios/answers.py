"""Which label of a counter tells good answers from bad ones, and by which values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flagstone.scorecards.engine.alert_scenarios.matching import Matcher, Selector


@dataclass(frozen=True, slots=True)
class Answers:
    """Values of the status label; without redirects and callers' mistakes, both count as good."""

    label: str
    good: str
    moved: str
    mistaken: str
    bad: str

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.good, self.moved, self.mistaken, self.bad)))


@dataclass(frozen=True, slots=True)
class _Domain:
    good: str
    moved: str
    mistaken: str
    bad: tuple[str, ...]


_DOMAINS = (
    _Domain("200", "302", "404", ("503", "500", "502", "504")),
    _Domain("2xx", "3xx", "4xx", ("5xx",)),
    _Domain("2XX", "3XX", "4XX", ("5XX",)),
    _Domain("2", "3", "4", ("5",)),
    _Domain("SUCCESS", "REDIRECTION", "CLIENT_ERROR", ("SERVER_ERROR",)),
    _Domain("OK", "OK", "NotFound", ("Unavailable", "Internal", "Unknown")),
    _Domain("OK", "OK", "NOT_FOUND", ("UNAVAILABLE", "INTERNAL", "UNKNOWN")),
    _Domain("0", "0", "5", ("14", "13", "2")),
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
_BAD_WORDS = ("fail", "err", "exception", "timeout", "reject", "abort", "crash", "5xx", "unavail")
_GOOD_WORDS = ("ok", "success", "succeed", "done", "complete", "accept", "processed", "none")


def answers_of(selectors: Iterable[Selector]) -> Answers | None:
    """The answers of one metric, told by what its selectors ask for; None if they ask for none."""
    asked: dict[str, dict[tuple[Matcher, ...], None]] = {}
    for selector in selectors:
        for label in selector.labels:
            if label not in _NEVER:
                asked.setdefault(label, {})[selector.on(label)] = None
    order = sorted(asked, key=lambda label: (_USUAL.index(label) if label in _USUAL else 99, label))
    for label in order:
        found = _of_domains(label, list(asked[label])) or _of_words(label, list(asked[label]))
        if found:
            return found
    return None


def _of_domains(label: str, asked: list[tuple[Matcher, ...]]) -> Answers | None:
    for domain in _DOMAINS:
        for bad in domain.bad:
            if any(_accepts(some, bad) != _accepts(some, domain.good) for some in asked):
                return Answers(label, domain.good, domain.moved, domain.mistaken, bad)
    return None


def _of_words(label: str, asked: list[tuple[Matcher, ...]]) -> Answers | None:
    """Words such as `failed` and `done`, where one of them is named and tells them apart."""
    named = list(dict.fromkeys(v for some in asked for m in some for v in m.literals))
    bad = [value for value in named if _is_bad(label, value)]
    good = [value for value in named if not _is_bad(label, value) and _is_good(label, value)]
    for one, other in _pairs(label, bad, good):
        if any(_accepts(some, one) != _accepts(some, other) for some in asked):
            return Answers(label, other, other, other, one)
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
    return any(word in value.lower() for word in _BAD_WORDS)


def _is_good(label: str, value: str) -> bool:
    if value in {"true", "false"}:
        return True
    if value == "":
        return any(word in label.lower() for word in _BAD_WORDS)
    return any(value.lower().startswith(word) for word in _GOOD_WORDS)


def _accepts(matchers: tuple[Matcher, ...], value: str) -> bool:
    return all(matcher.accepts(value) for matcher in matchers)
