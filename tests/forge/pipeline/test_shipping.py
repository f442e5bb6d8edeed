from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from flagstone.accounts.models import User
from flagstone.core.errors import Conflict, NotFound
from flagstone.forge import pipeline
from flagstone.forge.errors import (
    AlreadyExists,
    BranchOccupied,
    InvalidPath,
    NotYetConsistent,
    PolicyRejected,
    RefNotFound,
    RepositoryGone,
    TimedOut,
)
from flagstone.forge.git.pushing import PushOutcome
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import ChangeRequest, ChangeState, PullRequest, Repository
from tests.forge.hosts.local.conftest import LEO
from tests.forge.pipeline.reading_changes import REPO, branches, reloaded
from tests.forge.repositories import files_at, git, push_by_hand


def test_a_change_becomes_a_branch_and_a_pull_request(
    change: ChangeRequest, bare: Path, root: Path, audit_actions: Callable[[], list[str]]
) -> None:
    base = git(bare, "rev-parse", "main")
    pull = pipeline.ship(change.pk)
    assert pull is not None
    change = reloaded(change)
    assert (change.state, change.pull_request, change.base_commit) == ("opened", pull, base)
    assert (change.attempts, change.last_error) == (1, "")
    assert git(bare, "rev-parse", change.branch) == change.commit == pull.head_commit
    assert files_at(bare, change.branch) == {
        "README.md": "bye\n",
        "services/a/x.yaml": "x: 1\n",
        "services/checkout/rollout.yaml": "kind: Rollout\n",
    }
    assert git(bare, "log", "-1", "--format=%an <%ae>|%cn|%ct|%B", change.branch) == (
        f"mia <mia@noreply.invalid>|Flagstone|{int(change.created_at.timestamp())}|Add checkout\n\n"
        f"It takes payments.\n\nChange-Request-Id: {change.pk}\n"
        "Requested-by: mia <mia@noreply.invalid>"
    )
    assert (pull.number, pull.title, pull.state, pull.author) == (
        1, "Add checkout", "open", change.requested_by,
    )  # fmt: skip
    assert (pull.additions, pull.deletions, pull.files, pull.size) == (2, 1, 2, 3)
    assert LocalForge(root).get_pull_request(REPO, 1).body == (
        f"It takes payments.\n\n<!-- flagstone:change-request={change.pk} -->"
    )
    assert audit_actions() == [
        "forge.repository_registered",
        "forge.change_requested",
        "forge.pull_request_opened",
    ]


def test_labels_reach_the_pull_request(gitops: Repository, member: User) -> None:
    change = pipeline.record_change(
        requested_by=member, repository=gitops, title="T", body="", files={"a": b"1"},
        source="x", labels=("rollback",),
    )  # fmt: skip
    pull = pipeline.ship(change.pk)
    assert pull
    assert pull.labels == ["rollback"]


def test_shipping_again_changes_nothing(
    change: ChangeRequest, opened: PullRequest, bare: Path, root: Path
) -> None:
    before = (branches(bare), reloaded(change).touched_at)
    assert pipeline.ship(change.pk) == opened
    assert (branches(bare), reloaded(change).touched_at) == before
    assert len(LocalForge(root).list_pull_requests(REPO)) == 1


def test_a_change_that_holds_already_makes_no_branch(
    gitops: Repository, member: User, bare: Path, root: Path
) -> None:
    change = pipeline.record_change(
        requested_by=member, repository=gitops, title="T", body="", source="x",
        files={"README.md": b"hello\n", "no-such-file": None},
    )  # fmt: skip
    assert pipeline.ship(change.pk) is None
    assert reloaded(change).state == ChangeState.NO_CHANGE
    assert branches(bare) == ["main"]
    assert LocalForge(root).list_pull_requests(REPO) == []
    assert pipeline.ship(change.pk) is None


def test_a_base_that_moved_is_built_upon(change: ChangeRequest, bare: Path, tmp_path: Path) -> None:
    base = push_by_hand(bare, tmp_path, {"new": "1\n"})
    pull = pipeline.ship(change.pk)
    assert pull
    assert pull.base_commit == base
    assert "new" in files_at(bare, change.branch)


def test_a_base_that_moves_before_the_push_still_gets_its_pull_request(
    change: ChangeRequest, bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = GitWorkspace.push

    def late(self: GitWorkspace, *arguments: Any, **more: Any) -> PushOutcome:
        push_by_hand(bare, tmp_path, {"new": "1\n"})
        return plain(self, *arguments, **more)

    monkeypatch.setattr(GitWorkspace, "push", late)
    pull = pipeline.ship(change.pk)
    assert pull
    merged = pipeline.merge(pull, by=LEO, expected_head=pull.head_commit, method="merge")  # type: ignore[arg-type]
    assert merged.is_merged
    assert sorted(files_at(bare, "main")) == [
        "README.md", "new", "services/a/x.yaml", "services/checkout/rollout.yaml",
    ]  # fmt: skip


def test_a_branch_with_somebody_elses_commit_is_left_alone(
    change: ChangeRequest, bare: Path, tmp_path: Path, root: Path
) -> None:
    theirs = push_by_hand(bare, tmp_path, {"theirs": "1"}, branch=change.branch)
    with pytest.raises(BranchOccupied, match="not Flagstone's"):
        pipeline.ship(change.pk)
    change = reloaded(change)
    assert (change.state, change.error_code) == ("needs_attention", "forge.branch_occupied")
    assert theirs[:12] in change.last_error
    with pytest.raises(Conflict, match="not Flagstone's"):
        pipeline.ship(change.pk)
    assert git(bare, "rev-parse", change.branch) == theirs
    assert LocalForge(root).list_pull_requests(REPO) == []


def test_somebody_who_pushes_in_between_is_not_overwritten(
    change: ChangeRequest, bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs: list[str] = []
    plain = GitWorkspace.push

    def race(self: GitWorkspace, *arguments: Any, **more: Any) -> PushOutcome:
        theirs.append(push_by_hand(bare, tmp_path, {"theirs": "1"}, branch=change.branch))
        return plain(self, *arguments, **more)

    monkeypatch.setattr(GitWorkspace, "push", race)
    with pytest.raises(BranchOccupied):
        pipeline.ship(change.pk)
    assert reloaded(change).state == ChangeState.NEEDS_ATTENTION
    assert [git(bare, "rev-parse", change.branch)] == theirs


def test_a_branch_in_the_way_is_named(change: ChangeRequest, bare: Path, tmp_path: Path) -> None:
    push_by_hand(bare, tmp_path, {"x": "1"}, branch="flagstone")
    with pytest.raises(BranchOccupied, match="the branch 'flagstone' stands in its way"):
        pipeline.ship(change.pk)
    assert reloaded(change).state == ChangeState.NEEDS_ATTENTION


def test_a_hook_that_refuses_fails_it_in_the_hosts_words(
    change: ChangeRequest, bare: Path, root: Path
) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'Freeze until Monday' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(PolicyRejected, match="Freeze until Monday"):
        pipeline.ship(change.pk)
    change = reloaded(change)
    assert (change.state, change.error_code) == (ChangeState.FAILED, "forge.policy_rejected")
    assert LocalForge(root).list_pull_requests(REPO) == []


def test_a_file_over_a_folder_fails_and_pushes_nothing(
    gitops: Repository, member: User, bare: Path
) -> None:
    change = pipeline.record_change(
        requested_by=member, repository=gitops, title="T", body="", source="x",
        files={"services": b"swallowed"},
    )  # fmt: skip
    with pytest.raises(InvalidPath):
        pipeline.ship(change.pk)
    assert reloaded(change).state == ChangeState.FAILED
    assert branches(bare) == ["main"]


def test_a_repository_that_is_gone_fails_with_a_sentence(change: ChangeRequest, bare: Path) -> None:
    bare.rename(bare.with_name("elsewhere"))
    with pytest.raises(RepositoryGone):
        pipeline.ship(change.pk)
    assert reloaded(change).last_error.startswith("The repository acme/gitops is gone")


def test_a_target_branch_that_is_gone_fails_with_a_sentence(
    change: ChangeRequest, bare: Path
) -> None:
    git(bare, "branch", "--move", "main", "trunk")
    with pytest.raises(RefNotFound, match="The branch 'main' of acme/gitops is gone"):
        pipeline.ship(change.pk)


def test_a_pull_request_of_our_branch_by_somebody_else_is_not_taken_over(
    change: ChangeRequest, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = LocalForge.create_pull_request

    def steal(self: LocalForge, name: str, spec: Any) -> None:
        from dataclasses import replace

        plain(self, name, replace(spec, change_id=None, author=LEO))
        raise AlreadyExists("exists")

    monkeypatch.setattr(LocalForge, "create_pull_request", steal)
    with pytest.raises(BranchOccupied, match="Flagstone did not open it"):
        pipeline.ship(change.pk)
    assert reloaded(change).state == ChangeState.NEEDS_ATTENTION


def test_our_own_pull_request_is_found_when_it_exists_already(
    change: ChangeRequest, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = LocalForge.create_pull_request

    def twice(self: LocalForge, *arguments: Any) -> Any:
        plain(self, *arguments)
        return plain(self, *arguments)

    monkeypatch.setattr(LocalForge, "create_pull_request", twice)
    pull = pipeline.ship(change.pk)
    assert pull
    assert pull.number == 1
    assert len(LocalForge(root).list_pull_requests(REPO)) == 1


def test_a_branch_deleted_before_the_pull_request_is_pushed_again(
    change: ChangeRequest, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = LocalForge.create_pull_request

    def delete_first(self: LocalForge, *arguments: Any) -> Any:
        git(bare, "update-ref", "-d", f"refs/heads/{change.branch}")
        return plain(self, *arguments)

    monkeypatch.setattr(LocalForge, "create_pull_request", delete_first)
    with pytest.raises(NotYetConsistent):
        pipeline.ship(change.pk)
    assert reloaded(change).state == ChangeState.COMMITTED
    monkeypatch.undo()
    with time_machine.travel(reloaded(change).not_before):
        assert pipeline.ship(change.pk)


@pytest.mark.parametrize(("merge", "state"), [(True, "merged"), (False, "closed")])
def test_what_a_person_did_before_we_recorded_it_is_respected(
    change: ChangeRequest,
    root: Path,
    bare: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    merge: bool,
    state: str,
) -> None:
    plain = LocalForge.create_pull_request

    def die(self: LocalForge, *arguments: Any) -> None:
        plain(self, *arguments)
        raise TimedOut("no answer")

    monkeypatch.setattr(LocalForge, "create_pull_request", die)
    with pytest.raises(TimedOut):
        pipeline.ship(change.pk)
    monkeypatch.undo()
    forge = LocalForge(root)
    if merge:
        head = forge.get_pull_request(REPO, 1).head
        forge.merge_pull_request(REPO, 1, expected_head=head, method="merge", by=LEO)  # type: ignore[arg-type]
    else:
        forge.close_pull_request(REPO, 1, by=LEO)
    with time_machine.travel(reloaded(change).not_before):
        pull = pipeline.ship(change.pk)
    assert pull
    assert (pull.state, reloaded(change).state) == (state, state)
    assert len(forge.list_pull_requests(REPO)) == 1


def test_an_unknown_change_is_told(db: None) -> None:
    with pytest.raises(NotFound):
        pipeline.ship(uuid4())
