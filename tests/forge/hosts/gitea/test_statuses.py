"""What checks say of a commit: the last word of each counts, and is not said twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flagstone.forge.errors import RepositoryGone
from flagstone.forge.hosts.base import CommitStatus, StatusState
from tests.forge.hosts.gitea.conftest import REPO

CHECK = CommitStatus(
    "flagstone/policy",
    StatusState.PENDING,
    "Looking",
    datetime(2026, 3, 2, tzinfo=UTC),
    "https://flagstone.example/c/1",
)


@pytest.mark.parametrize("state", list(StatusState))
def test_each_state_is_said_and_read_back(stand_in, forge, topic, state):
    forge.set_commit_status(REPO, topic, replace(CHECK, state=state))
    (sent,) = stand_in.server.sent("POST")
    assert (sent.path, sent.json) == (
        f"/api/v1/repos/{REPO}/statuses/{topic}",
        {
            "context": "flagstone/policy",
            "state": state.value,
            "description": "Looking",
            "target_url": "https://flagstone.example/c/1",
        },
    )
    assert forge.commit_statuses(REPO, topic) == {
        "flagstone/policy": replace(CHECK, state=state, at=stand_in.clock)
    }


def test_the_same_is_not_said_twice_and_something_new_is(stand_in, forge, topic):
    for status in (
        CHECK,
        replace(CHECK, at=datetime(2027, 1, 1, tzinfo=UTC)),
        replace(CHECK, description="Fine", state=StatusState.SUCCESS),
        CHECK,
        replace(CHECK, context="flagstone/other"),
    ):
        forge.set_commit_status(REPO, topic, status)
    said = [(word["context"], word["status"]) for word in stand_in.known(REPO).statuses]
    assert said == [
        ("flagstone/policy", "pending"),
        ("flagstone/policy", "success"),
        ("flagstone/policy", "pending"),
        ("flagstone/other", "pending"),
    ]


def test_the_last_word_counts_over_all_pages(stand_in, forge, topic):
    stand_in.most = 3
    for number in range(5):
        forge.set_commit_status(REPO, topic, replace(CHECK, description=f"{number}"))
        forge.set_commit_status(REPO, topic, replace(CHECK, context=f"ci/{number}"))
    found = forge.commit_statuses(REPO, topic)
    assert found["flagstone/policy"].description == "4"
    assert sorted(found) == ["ci/0", "ci/1", "ci/2", "ci/3", "ci/4", "flagstone/policy"]


def test_a_commit_of_which_nothing_is_said(forge, topic):
    assert forge.commit_statuses(REPO, topic) == {}


def test_a_commit_that_is_not_there_takes_no_status(forge):
    with pytest.raises(RepositoryGone):
        forge.set_commit_status(REPO, "a" * 40, CHECK)
