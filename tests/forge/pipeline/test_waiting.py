"""A change whose code host does not answer as hoped: it waits, and is tried again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.core.errors import Conflict
from flagstone.forge import pipeline
from flagstone.forge.errors import (
    ChangeBusy,
    PermissionDenied,
    RateLimited,
    ServerError,
    StaleLease,
    TimedOut,
)
from flagstone.forge.git.pushing import PushOutcome, PushResult
from flagstone.forge.git.workspace import Commit, GitWorkspace
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import ChangeRequest, ChangeState, Repository
from flagstone.forge.pipeline.shipping import MOST_ATTEMPTS
from tests.forge.pipeline.reading_changes import REPO, branches, reloaded
from tests.forge.repositories import git, push_by_hand


def test_a_push_whose_answer_was_lost_counts_as_done(
    change: ChangeRequest, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = GitWorkspace.push

    def lose(self: GitWorkspace, *arguments: Any, **more: Any) -> PushOutcome:
        plain(self, *arguments, **more)
        return PushOutcome(PushResult.UNKNOWN, "the remote end hung up")

    monkeypatch.setattr(GitWorkspace, "push", lose)
    assert pipeline.ship(change.pk)
    assert reloaded(change).attempts == 1


def test_a_push_that_did_not_arrive_is_tried_later(
    change: ChangeRequest, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = PushOutcome(PushResult.UNKNOWN, "connection refused")
    monkeypatch.setattr(GitWorkspace, "push", lambda *_, **__: outcome)
    with pytest.raises(StaleLease, match="connection refused"):
        pipeline.ship(change.pk)
    change = reloaded(change)
    assert (change.state, change.attempts) == (ChangeState.COMMITTED, 1)
    assert 3 < (change.not_before - timezone.now()).total_seconds() <= 6
    monkeypatch.undo()
    with pytest.raises(ChangeBusy, match=r"tried again in . seconds: .*connection refused"):
        pipeline.ship(change.pk)
    with time_machine.travel(change.not_before + timedelta(seconds=1)):
        assert pipeline.ship(change.pk)


def test_a_push_that_was_given_up_and_arrives_late_is_known_for_ours(
    change: ChangeRequest, bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, late = GitWorkspace.push, []

    def give_up(self: GitWorkspace, commit: Commit, *_: Any, **__: Any) -> PushOutcome:
        late.append(commit.sha)
        self.git.run("push", self.remote.url, f"{commit.sha}:refs/heads/late")
        return PushOutcome(PushResult.UNKNOWN, "git push did not end")

    def arrive(self: GitWorkspace, *arguments: Any, **more: Any) -> PushOutcome:
        git(bare, "branch", "--move", "late", change.branch)
        return plain(self, *arguments, **more)

    monkeypatch.setattr(GitWorkspace, "push", give_up)
    with pytest.raises(StaleLease):
        pipeline.ship(change.pk)
    push_by_hand(bare, tmp_path, {"other": "1\n"})
    monkeypatch.setattr(GitWorkspace, "push", arrive)
    with time_machine.travel(reloaded(change).not_before + timedelta(seconds=1)):
        pull = pipeline.ship(change.pk)
    row = reloaded(change)
    assert pull is not None
    assert (row.state, row.commit, pull.head_commit) == (ChangeState.OPENED, late[0], late[0])
    assert len(row.built_commits) == 2
    assert git(bare, "rev-parse", change.branch) == late[0]


def test_the_waits_grow_and_end(change: ChangeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise TimedOut("git ls-remote did not end")

    monkeypatch.setattr(GitWorkspace, "observe", fail)
    waits = []
    for _ in range(MOST_ATTEMPTS - 1):
        now = reloaded(change).not_before
        with time_machine.travel(now, tick=False), pytest.raises(TimedOut):
            pipeline.ship(change.pk)
        waits.append((reloaded(change).not_before - now).total_seconds())
    # a fifth more or less, so that many do not come back at once
    assert waits == [
        pytest.approx(wait, rel=0.2) for wait in (5, 10, 20, 40, 80, 160, 320, 600, 600)
    ]
    assert reloaded(change).state == ChangeState.REQUESTED
    with time_machine.travel(reloaded(change).not_before), pytest.raises(TimedOut):
        pipeline.ship(change.pk)
    change = reloaded(change)
    assert (change.state, change.error_code) == (ChangeState.FAILED, "forge.timed_out")


def test_a_change_that_kills_its_workers_is_given_up(change: ChangeRequest, bare: Path) -> None:
    ChangeRequest.objects.filter(pk=change.pk).update(attempts=MOST_ATTEMPTS)
    with pytest.raises(Conflict, match="10 attempts did not finish it"):
        pipeline.ship(change.pk)
    assert reloaded(change).error_code == "forge.gave_up"
    assert branches(bare) == ["main"]


def test_the_code_hosts_wish_to_wait_is_kept(
    change: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limit(*_: object, **__: object) -> None:
        raise RateLimited("slow down", retry_after=120)

    monkeypatch.setattr(LocalForge, "create_pull_request", limit)
    with pytest.raises(RateLimited):
        pipeline.ship(change.pk)
    change = reloaded(change)
    assert (change.state, change.attempts) == (ChangeState.PUSHED, 0)
    assert 119 < (change.not_before - timezone.now()).total_seconds() <= 120


def test_row_21_every_change_of_the_credential_waits_with_it(
    change: ChangeRequest, gitops: Repository, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    another = pipeline.record_change(
        requested_by=member, repository=gitops, title="T", body="", files={"a": b"1"}, source="y"
    )

    def limit(*_: object, **__: object) -> None:
        raise RateLimited("slow down", retry_after=120)

    monkeypatch.setattr(LocalForge, "create_pull_request", limit)
    with pytest.raises(RateLimited):
        pipeline.ship(change.pk)
    another = reloaded(another)
    assert 119 < (another.not_before - timezone.now()).total_seconds() <= 120
    assert (another.attempts, another.last_error) == (0, "")


def test_the_turn_of_one_change_holds_no_other(
    change: ChangeRequest, gitops: Repository, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    another = pipeline.record_change(
        requested_by=member, repository=gitops, title="T", body="", files={"a": b"1"}, source="y"
    )

    def limit(*_: object, **__: object) -> None:
        raise RateLimited("one write a second", retry_after=1.5)

    monkeypatch.setattr(LocalForge, "create_pull_request", limit)
    with pytest.raises(RateLimited):
        pipeline.ship(change.pk)
    assert reloaded(another).not_before <= timezone.now()


def test_row_25_what_cannot_be_added_is_a_warning_and_the_rest_is_added(
    change: ChangeRequest, admin_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    change.labels = ["rollback"]
    change.save()
    change.reviewers.add(admin_user)
    asked: list[object] = []

    def refuse(*_: object, **__: object) -> None:
        raise PermissionDenied("the credential may not label")

    monkeypatch.setattr(LocalForge, "set_labels", refuse)
    monkeypatch.setattr(LocalForge, "request_reviewers", lambda _, *given: asked.append(given))
    pipeline.ship(change.pk)
    change = reloaded(change)
    assert (change.state, change.last_error) == (ChangeState.OPENED, "")
    assert change.warnings == ["Labels: the credential may not label"]
    assert asked == [(REPO, 1, ("ada",))]


def test_row_25_decorations_that_never_work_leave_the_pull_request_open(
    change: ChangeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    change.labels = ["rollback"]
    change.save()

    def fail(*_: object, **__: object) -> None:
        raise ServerError("answered 502")

    monkeypatch.setattr(LocalForge, "set_labels", fail)
    for _ in range(MOST_ATTEMPTS):
        ChangeRequest.objects.update(last_error="")
        with pytest.raises(ServerError):
            pipeline.ship(change.pk)
    change = reloaded(change)
    assert (change.state, change.warnings) == (ChangeState.OPENED, ["answered 502"])
    assert pipeline.ship(change.pk) == change.pull_request
