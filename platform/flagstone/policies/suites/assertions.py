"""Whether violations are as an assertion wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.functions.patterns import search
from flagstone.policies.suites.suites import Assertion

_WRONG = 'assertions[].violations must be a nonnegative integer, "yes" or "no"'


def problem_of(assertion: Assertion, messages: Sequence[str]) -> str:
    """What is wrong, with the messages that there were; "" if nothing is."""
    try:
        found = sum(_counts(assertion, message) for message in messages)
    except CelError as error:
        return str(error)
    wanted = _wanted(assertion.violations)
    if wanted is None:
        return _WRONG
    least, most = wanted
    if least <= found and (most is None or found <= most):
        return ""
    about = f" whose message matches {assertion.message!r}" if assertion.message is not None else ""
    said = "; ".join(messages) or "none at all"
    return f"got {_violations(found)}{about}, but want {_words(least, most)}; there were: {said}"


def _counts(assertion: Assertion, message: str) -> bool:
    return assertion.message is None or search(assertion.message, message) is not None


def _wanted(value: Any) -> tuple[int, int | None] | None:
    """The least and the most; YAML may already have made a bool of yes and no."""
    if value is None or value is True or value == "yes":
        return 1, None
    if value is False or value == "no":
        return 0, 0
    return (value, value) if isinstance(value, int) and value >= 0 else None


def _words(least: int, most: int | None) -> str:
    if most is None:
        return "at least 1"
    return "none" if most == 0 else f"exactly {least}"


def _violations(count: int) -> str:
    return f"{count} violation{'' if count == 1 else 's'}"
