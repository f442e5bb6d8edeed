"""What GitHub writes is read leniently: what we use must be there, all else may be missing, new or null."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flagstone.forge.errors import ServerError
from flagstone.forge.hosts.base import Account, PullRequest, PullRequestState, Verdict
from flagstone.forge.hosts.github.codec import GHOST, read_pull_request, read_timeline
from flagstone.forge.hosts.rest.fields import Fields

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MIA, ADA = {"login": "mia", "type": "User"}, {"login": "ada", "type": "User"}
APP = {"login": "ci[bot]", "type": "Bot"}
PULL = {
    "number": 7, "title": "T", "state": "open", "user": ADA, "created_at": "2026-03-02T09:00:00Z",
    "updated_at": "2026-03-02T09:00:00Z", "head": {"ref": "topic", "sha": "a" * 40},
    "base": {"ref": "main", "sha": "b" * 40}, "merge_commit_sha": "c" * 40,
}  # fmt: skip


def at(minutes: int) -> str:
    return (NINE + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def moment(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


def read(*events: dict[str, Any], **more: Any) -> PullRequest:
    timeline = read_timeline(Fields("GitHub", "event", event) for event in events)
    return read_pull_request(Fields("GitHub", "pull request", {**PULL, **more}), timeline)


def review(by: Any, state: str, minutes: int, **more: Any) -> dict[str, Any]:
    return {"event": "reviewed", "user": by, "state": state, "submitted_at": at(minutes), **more}


def comment(by: Any, minutes: int) -> dict[str, Any]:
    return {"event": "commented", "id": minutes, "user": by, "created_at": at(minutes), "body": "?"}


def test_the_least_that_github_may_say_is_enough():
    pull = read()
    assert pull == PullRequest(
        number=7, title="T", body="", source="topic", target="main", author=Account("ada"), is_draft=False,
        state=PullRequestState.OPEN, labels=(), head="a" * 40, base="b" * 40, opened_at=NINE, updated_at=NINE,
        ready_at=NINE,
    )  # fmt: skip
    assert read(body=None, labels=None, merged_by=None, stack={"new": [1]}) == pull


@pytest.mark.parametrize("key", sorted(set(PULL) - {"user", "merge_commit_sha"}))
def test_row_41_what_we_need_must_be_there(key):
    for value in (None, [], {"x": 1}):
        with pytest.raises(ServerError, match="GitHub"):
            read(**{key: value})


def test_the_clock_of_a_draft_starts_when_it_was_last_called_ready():
    ready = [{"event": "ready_for_review", "created_at": at(n)} for n in (10, 30)]
    assert read(*ready).ready_at == moment(30)
    assert read(*ready, draft=True).ready_at is None


def test_the_first_review_is_the_first_word_of_another_person():
    ours = [comment(ADA, 1), comment(APP, 2), review(APP, "approved", 3), comment(None, 90)]
    assert read(*ours[:3]).first_review_at is None
    assert read(*ours, comment(MIA, 9), review(MIA, "commented", 5)).first_review_at == moment(5)
    lines = {"event": "line-commented", "comments": [{"user": MIA, "created_at": at(4)}]}
    assert read(lines, comment(MIA, 9)).first_review_at == moment(4)
    assert read(ours[3]).first_review_at == moment(90), "an account that is gone was a person"


def test_it_is_approved_by_the_first_person_whose_word_still_counts():
    pull = read(
        review(APP, "approved", 1),
        review(MIA, "dismissed", 2, body="Was fine"),
        review(MIA, "pending", 3),
        review(MIA, "APPROVED", 4, commit_id="a" * 40),
        review(MIA, "approved", 5),
    )
    assert pull.approved_at == moment(4)
    assert [(each.verdict, each.body) for each in pull.reviews] == [
        (Verdict.APPROVED, ""),
        (Verdict.COMMENTED, "Was fine"),
        (Verdict.APPROVED, ""),
        (Verdict.APPROVED, ""),
    ]


def test_it_began_with_its_oldest_commit():
    commits = [{"event": "committed", "author": {"date": at(n)}} for n in (-20, -50, -30)]
    nobody = {"event": "committed", "author": None}
    assert read(nobody, *commits, nobody).began_at == moment(-50)
    assert read(nobody).began_at is None


def test_who_ended_it():
    closed = {"event": "closed", "actor": MIA, "created_at": at(8)}
    assert read(closed).closed_by is None, "it was opened again"
    assert read(closed, state="closed", closed_at=at(8)).closed_by == Account("mia")
    gone = {**closed, "actor": None}
    assert read(closed, gone, state="closed", closed_at=at(9)).closed_by == GHOST
    merged = read(closed, state="closed", closed_at=at(8), merged_at=at(8), merged_by=ADA)
    assert (merged.state, merged.closed_by, merged.merge) == (
        PullRequestState.MERGED,
        Account("ada"),
        "c" * 40,
    )


@pytest.mark.parametrize(("mergeable", "conflict"), [(True, False), (False, True), (None, None)])
def test_a_conflict_is_what_github_says_it_is(mergeable, conflict):
    assert read(mergeable=mergeable).has_conflict is conflict


def test_events_that_we_do_not_know_are_passed_over():
    assert read({"event": "teleported", "at": 3}, {"event": None}, {}) == read()
    with pytest.raises(ServerError, match="event"):
        read({"event": 3})
