"""What checks say of a commit: written once, read with the check runs of others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flagstone.forge.errors import PolicyRejected
from flagstone.forge.hosts.base import CommitStatus, StatusState
from tests.forge.hosts.github.conftest import REPO
from tests.http_server import Fault, Reply
from tests.stand_ins.github_state import said

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GATE = CommitStatus(
    "flagstone/gate", StatusState.PENDING, "Two of three", NOON, "https://flagstone.example/1"
)


def test_a_word_is_said_once_and_replaced_by_another(forge, stand_in, topic):
    forge.set_commit_status(REPO, topic, GATE)
    forge.set_commit_status(REPO, topic, replace(GATE, at=datetime.now(UTC)))
    assert len(stand_in.server.sent("POST")) == 1
    for changed in (
        replace(GATE, state=StatusState.SUCCESS),
        replace(GATE, state=StatusState.SUCCESS, description="Three of three"),
        replace(GATE, state=StatusState.SUCCESS, description="Three of three", url=""),
    ):
        forge.set_commit_status(REPO, topic, changed)
    assert len(stand_in.server.sent("POST")) == 4
    assert forge.commit_statuses(REPO, topic) == {
        "flagstone/gate": replace(changed, at=stand_in.clock)
    }


def test_a_long_description_is_cut_and_still_said_once(forge, stand_in, topic):
    for _ in range(2):
        forge.set_commit_status(REPO, topic, replace(GATE, description="x" * 200))
    assert len(stand_in.server.sent("POST")) == 1
    assert forge.commit_statuses(REPO, topic)["flagstone/gate"].description == "x" * 139 + "…"


def test_an_unknown_commit_is_githubs_refusal(forge):
    with pytest.raises(PolicyRejected, match="No commit found for SHA"):
        forge.set_commit_status(REPO, "1" * 40, GATE)


def check(name, status, conclusion=None, **more):
    return {
        "id": 1, "node_id": "C", "head_sha": "1" * 40, "external_id": "", "url": "https://x.example", "app": None,
        "html_url": "https://x.example/page", "details_url": "https://ci.example/7", "pull_requests": [],
        "check_suite": {"id": 1}, "name": name, "status": status, "conclusion": conclusion,
        "started_at": "2026-03-02T11:00:00Z", "completed_at": "2026-03-02T12:00:00Z" if conclusion else None,
        "output": {"title": None, "summary": None, "text": None, "annotations_count": 0, "annotations_url": ""},
        **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "conclusion", "state"),
    [
        ("queued", None, "pending"), ("in_progress", None, "pending"), ("completed", "success", "success"),
        ("completed", "neutral", "success"), ("completed", "skipped", "success"),
        ("completed", "failure", "failure"), ("completed", "timed_out", "error"),
        ("completed", "cancelled", "error"), ("completed", "action_required", "error"),
    ],
)  # fmt: skip
def test_check_runs_are_read_as_statuses(forge, stand_in, topic, status, conclusion, state):
    stand_in.known(REPO).checks[topic] = [check("build", status, conclusion)]
    (found,) = forge.commit_statuses(REPO, topic).values()
    assert (found.context, found.state) == ("build", StatusState(state))
    assert (found.description, found.url) == (conclusion or "", "https://ci.example/7")
    assert found.at == (NOON if conclusion else datetime(2026, 3, 2, 11, tzinfo=UTC))


def test_of_a_status_and_a_check_run_of_one_name_the_later_counts(forge, stand_in, topic):
    forge.set_commit_status(REPO, topic, replace(GATE, context="build"))
    stand_in.known(REPO).checks[topic] = [check("build", "completed", "success")]
    assert forge.commit_statuses(REPO, topic)["build"].state is StatusState.SUCCESS
    old = check("build", "completed", "success", completed_at="2020-01-01T00:00:00Z")
    stand_in.known(REPO).checks[topic] = [old]
    assert forge.commit_statuses(REPO, topic)["build"].state is StatusState.PENDING


def test_a_check_that_waits_for_its_turn_is_pending(forge, stand_in, topic):
    stand_in.known(REPO).checks[topic] = [check("build", "queued", started_at=None)]
    assert forge.commit_statuses(REPO, topic)["build"].state is StatusState.PENDING


def test_statuses_are_told_where_checks_may_not_be_seen(forge, stand_in, topic):
    forge.set_commit_status(REPO, topic, GATE)
    refused = Reply(403, said("Resource not accessible by personal access token"))
    stand_in.server.faults.append(Fault("check-runs", refused))
    assert list(forge.commit_statuses(REPO, topic)) == ["flagstone/gate"]


def test_every_page_is_read(forge, stand_in, topic):
    stand_in.known(REPO).checks[topic] = [
        check(f"c{n}", "completed", "success") for n in range(130)
    ]
    assert len(forge.commit_statuses(REPO, topic)) == 130
