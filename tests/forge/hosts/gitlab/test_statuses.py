"""What checks say of a commit: said once, and a word that GitLab has already is no failure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from flagstone.forge.errors import Permanent, RefNotFound, RepositoryGone
from flagstone.forge.hosts.base import CommitStatus, StatusState
from tests.forge.hosts.gitlab.conftest import REPO
from tests.http_server import Fault, Reply

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def word(state: StatusState, description: str = "", context: str = "flagstone/gate", **more: Any):
    return CommitStatus(context, state, description, NOON, **more)


def said(stand_in):
    return [(s["name"], s["status"], s["description"]) for s in stand_in.known(REPO).statuses]


def test_a_word_replaces_the_one_before(stand_in, forge, topic):
    forge.set_commit_status(REPO, topic, word(StatusState.PENDING, "at work"))
    forge.set_commit_status(
        REPO, topic, word(StatusState.SUCCESS, "fine", url="https://flagstone.example/1")
    )
    forge.set_commit_status(REPO, topic, word(StatusState.PENDING, context="other"))
    statuses = forge.commit_statuses(REPO, topic)
    gate = statuses["flagstone/gate"]
    assert set(statuses) == {"flagstone/gate", "other"}
    assert (gate.state, gate.description, gate.url) == (
        StatusState.SUCCESS, "fine", "https://flagstone.example/1",
    )  # fmt: skip
    assert gate.at == datetime.fromisoformat(stand_in.known(REPO).statuses[0]["finished_at"])


@pytest.mark.parametrize(
    ("state", "host"),
    [("pending", "pending"), ("success", "success"), ("failure", "failed"), ("error", "failed")],
)
def test_a_state_has_gitlabs_name_and_is_said_once(stand_in, forge, topic, state, host):
    for _ in range(2):
        forge.set_commit_status(REPO, topic, word(StatusState(state), "why"))
    assert said(stand_in) == [("flagstone/gate", host, "why")]
    assert len(stand_in.server.sent("POST ")) == 1


def test_the_same_state_in_other_words_is_no_failure(stand_in, forge, topic):
    forge.set_commit_status(REPO, topic, word(StatusState.PENDING, "one"))
    forge.set_commit_status(REPO, topic, word(StatusState.PENDING, "two"))
    assert said(stand_in) == [("flagstone/gate", "pending", "one")]
    forge.set_commit_status(REPO, topic, word(StatusState.FAILURE, "one"))
    forge.set_commit_status(REPO, topic, word(StatusState.FAILURE, "two"))
    assert said(stand_in)[-1] == ("flagstone/gate", "failed", "two")
    assert forge.commit_statuses(REPO, topic)["flagstone/gate"].description == "two"


def test_what_is_refused_otherwise_is_a_failure(stand_in, forge, topic):
    refused = Reply(400, {"message": {"target_url": ["is blocked"]}})
    stand_in.server.faults.append(Fault("POST ", refused))
    with pytest.raises(Permanent, match="target_url is blocked"):
        forge.set_commit_status(REPO, topic, word(StatusState.SUCCESS))


def test_a_long_description_is_cut(stand_in, forge, topic):
    for _ in range(2):
        forge.set_commit_status(REPO, topic, word(StatusState.SUCCESS, "x" * 300))
    assert said(stand_in) == [("flagstone/gate", "success", "x" * 255)]


def test_a_commit_on_no_branch_is_told_as_such(stand_in, forge, topic):
    bare = stand_in.bare(REPO)
    loose = bare.git("commit-tree", f"{topic}^{{tree}}", "-m", "loose")
    with pytest.raises(RefNotFound, match="is on no branch of acme/payments/checkout"):
        forge.set_commit_status(REPO, loose, word(StatusState.SUCCESS))


def test_row_23_a_hidden_project_is_told_as_missing_or_hidden(forge, topic):
    with pytest.raises(RepositoryGone, match="or hides it"):
        forge.set_commit_status("acme/secret", topic, word(StatusState.SUCCESS))


def test_statuses_come_over_all_pages(stand_in, forge, topic):
    for number in range(120):
        stand_in.known(REPO).statuses.append(
            {"id": number, "sha": topic, "name": f"job {number}", "status": "running", "description": None,
             "target_url": None, "created_at": "2026-03-02T12:00:00Z"}
        )  # fmt: skip
    statuses = forge.commit_statuses(REPO, topic)
    assert len(statuses) == 120
    assert statuses["job 119"] == CommitStatus("job 119", StatusState.PENDING, "", NOON)
