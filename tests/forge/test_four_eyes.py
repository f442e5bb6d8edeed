"""Two pairs of eyes: whose approval counts, of what, and what is taken for a person's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flagstone.accounts.models import User
from flagstone.forge.four_eyes import is_approved_by_another, may_be_own
from flagstone.forge.hosts.base import Account, PullRequest, PullRequestState, Review, Verdict
from flagstone.forge.models import CodeHost, HostAccount, Repository
from flagstone.forge.models import PullRequest as Row

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
HEAD, EARLIER = "b" * 40, "a" * 40
BOT = Account("flagstone-bot", is_bot=True)
LIVE = PullRequest(
    number=1,
    title="Change",
    body="",
    source="change",
    target="main",
    author=BOT,
    state=PullRequestState.OPEN,
    is_draft=False,
    labels=(),
    head=HEAD,
    base="c" * 40,
    opened_at=AT,
    updated_at=AT,
)


def said(*words: tuple[Account, Verdict, str]) -> PullRequest:
    """Return a pull request with these reviews, an hour apart."""
    reviews = [
        Review(by, verdict, "", commit, AT + timedelta(hours=hours))
        for hours, (by, verdict, commit) in enumerate(words)
    ]
    return replace(LIVE, reviews=tuple(reversed(reviews)))


@pytest.fixture
def far(db: None) -> CodeHost:
    return CodeHost.objects.create(name="gitea", kind="gitea", web_url="https://git.example.com")


MIA, LEO = Account("mia"), Account("leo-at-work")
YES, NO, WORDS = Verdict.APPROVED, Verdict.CHANGES_REQUESTED, Verdict.COMMENTED


@pytest.mark.parametrize(
    ("live", "counts"),
    [
        (said((LEO, YES, HEAD)), True),
        (said((LEO, YES, "")), True),
        (said((LEO, YES, EARLIER)), False),
        (said((LEO, YES, HEAD), (LEO, NO, HEAD)), False),
        (said((LEO, NO, HEAD), (LEO, YES, HEAD)), True),
        (said((LEO, YES, HEAD), (LEO, WORDS, HEAD)), True),
        (said((Account("renovate", is_bot=True), YES, HEAD)), False),
        (said((BOT, YES, HEAD)), False),
        (said((Account("MIA"), YES, HEAD)), False),
        (said(), False),
    ],
)
def test_the_last_word_of_another_person_on_this_very_commit_counts(
    far: CodeHost, member: User, lead: User, live: PullRequest, counts: bool
) -> None:
    HostAccount.objects.create(host=far, user=lead, login="leo-at-work")
    assert is_approved_by_another(live, member, far) is counts


def test_a_login_that_nobody_is_known_for_counts_only_where_one_s_own_is_known(
    far: CodeHost, member: User
) -> None:
    live = said((Account("stranger"), YES, HEAD))
    assert not is_approved_by_another(live, member, far)
    HostAccount.objects.create(host=far, user=member, login="mia-at-work")
    assert is_approved_by_another(live, member, far)
    assert not is_approved_by_another(said((Account("mia-at-work"), YES, HEAD)), member, far)


def test_what_nobody_can_tell_the_author_of_may_be_one_s_own(
    far: CodeHost, member: User, lead: User
) -> None:
    repository = Repository.objects.create(host=far, full_name="acme/gitops", default_branch="main")
    row = Row.objects.create(
        repository=repository,
        number=1,
        title="Change",
        author_login="somebody",
        source_branch="change",
        target_branch="main",
        head_commit=HEAD,
        base_commit="c" * 40,
        state="open",
        opened_at=AT,
        updated_at=AT,
    )
    assert may_be_own(member, row)
    HostAccount.objects.create(host=far, user=member, login="mia-at-work")
    assert not may_be_own(member, row)
    row.author_login = "Mia-At-Work"
    assert may_be_own(member, row)
    row.author_login = lead.username
    assert not may_be_own(member, row)
