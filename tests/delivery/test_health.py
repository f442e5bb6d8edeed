"""Which status speaks of a service's health, and which does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flagstone.delivery.health import word_on_health
from flagstone.forge.hosts.base import CommitStatus, StatusState

MERGED = datetime(2026, 3, 2, 12, 0, 0, 600_000, tzinfo=UTC)


def status(
    context: str, state: StatusState = StatusState.SUCCESS, *, seconds: float = 60.0
) -> CommitStatus:
    return CommitStatus(context, state, "said", MERGED + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "context", ["argocd/quote", "continuous-delivery/quote", "ArgoCD/Quote"], ids=str
)
def test_argo_cd_speaks_by_the_names_of_its_documentation(context: str) -> None:
    said = status(context)
    assert word_on_health([said], "quote", since=MERGED) == said


@pytest.mark.parametrize(
    "context", ["quote", "ci/quote", "argocd/quotes", "argocd/", "argocd/quote/x"], ids=str
)
def test_other_checks_say_nothing_of_health(context: str) -> None:
    assert word_on_health([status(context)], "quote", since=MERGED) is None


def test_silence_is_no_word() -> None:
    assert word_on_health([], "quote", since=MERGED) is None


def test_the_newest_word_counts() -> None:
    good, bad = status("argocd/quote"), status("continuous-delivery/quote", StatusState.FAILURE)
    later = status("continuous-delivery/quote", StatusState.FAILURE, seconds=90)
    assert word_on_health([bad, good], "quote", since=MERGED) == good
    assert word_on_health([good, later], "quote", since=MERGED) == later


def test_what_was_said_before_the_merge_is_about_something_else() -> None:
    """Code hosts count whole seconds, so one of the same second is later."""
    assert word_on_health([status("argocd/quote", seconds=-1)], "quote", since=MERGED) is None
    same_second = status("argocd/quote", seconds=-0.6)
    assert word_on_health([same_second], "quote", since=MERGED) == same_second
