"""An open change is rebuilt on a moved target branch; what others pushed to its branch is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from flagstone.accounts.models import User
from flagstone.core.errors import Conflict
from flagstone.forge import actions, pipeline
from flagstone.forge.errors import StaleLease
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import ChangeRequest, ChangeState, PullRequest
from tests.forge.repositories import files_at, git, push_by_hand

REPO = "acme/gitops"


def ask(change: ChangeRequest, member: User) -> ChangeRequest:
    change.refresh_from_db()
    return actions.rebuild_change(actor=member, change=change)


def reloaded(change: ChangeRequest) -> ChangeRequest:
    return ChangeRequest.objects.get(pk=change.pk)


def test_row_14_a_conflict_is_shown_and_a_rebuild_on_request_solves_it(
    opened: PullRequest, change: ChangeRequest, member: User, bare: Path, tmp_path: Path
) -> None:
    before = reloaded(change).commit
    main = push_by_hand(bare, tmp_path, {"README.md": "theirs\n"})
    ask(change, member)
    pipeline.ship(change.pk)
    after = reloaded(change)
    assert (after.state, after.base_commit) == ("opened", main)
    assert after.built_commits == [before, after.commit]
    assert git(bare, "rev-parse", after.branch) == after.commit
    assert git(bare, "rev-parse", f"{after.branch}^") == main
    assert files_at(bare, after.branch)["README.md"] == "bye\n"
    opened.refresh_from_db()
    assert opened.head_commit == after.commit


def test_row_13_without_a_move_it_stays_the_same_commit(
    opened: PullRequest, change: ChangeRequest, member: User, bare: Path
) -> None:
    before = reloaded(change).commit
    ask(change, member)
    pipeline.ship(change.pk)
    assert (reloaded(change).state, reloaded(change).commit) == ("opened", before)
    assert git(bare, "rev-parse", change.branch) == before


def test_row_11_commits_of_people_stay_and_one_comment_says_so(
    opened: PullRequest, change: ChangeRequest, member: User, bare: Path, tmp_path: Path, root: Path
) -> None:
    theirs = push_by_hand(
        bare, tmp_path, {"mine": "1\n"}, branch=change.branch, start=change.branch
    )
    push_by_hand(bare, tmp_path, {"README.md": "theirs\n"})
    for _ in range(2):
        ask(change, member)
        pipeline.ship(change.pk)
    assert git(bare, "rev-parse", change.branch) == theirs
    [comment] = LocalForge(root).get_pull_request(REPO, opened.number).comments
    assert f"({theirs[:12]})" in comment.body
    assert comment.body.endswith("\n\n<!-- flagstone:left-alone -->")
    after = reloaded(change)
    assert after.state == "opened"
    assert "left as it is" in after.warnings[0]


def test_row_11_the_lease_refuses_when_somebody_pushes_while_it_is_rebuilt(
    opened: PullRequest, change: ChangeRequest, member: User, bare: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    push_by_hand(bare, tmp_path, {"README.md": "theirs\n"})
    theirs: list[str] = []
    plain = GitWorkspace.build_commit

    def meanwhile(self: GitWorkspace, *arguments: object) -> object:
        built = plain(self, *arguments)  # type: ignore[arg-type]
        if not theirs:
            theirs.append(
                push_by_hand(
                    bare, tmp_path, {"mine": "1\n"}, branch=change.branch, start=change.branch
                )
            )
        return built

    monkeypatch.setattr(GitWorkspace, "build_commit", meanwhile)
    ask(change, member)
    with pytest.raises(StaleLease):
        pipeline.ship(change.pk)
    assert git(bare, "rev-parse", change.branch) == theirs[0]
    ChangeRequest.objects.update(last_error="")
    pipeline.ship(change.pk)
    assert git(bare, "rev-parse", change.branch) == theirs[0]
    assert reloaded(change).state == "opened"


def test_a_worker_that_dies_after_the_push_leaves_what_the_next_one_knows_for_ours(
    opened: PullRequest, change: ChangeRequest, member: User, bare: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    push_by_hand(bare, tmp_path, {"README.md": "theirs\n"})
    plain = GitWorkspace.push

    def die_after(self: GitWorkspace, *arguments: object, **more: object) -> object:
        plain(self, *arguments, **more)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(GitWorkspace, "push", die_after)
    ask(change, member)
    with pytest.raises(KeyboardInterrupt):
        pipeline.ship(change.pk)
    monkeypatch.undo()
    main = push_by_hand(bare, tmp_path, {"other": "1\n"})
    pipeline.ship(change.pk)
    after = reloaded(change)
    assert (after.state, after.base_commit) == ("opened", main)
    assert git(bare, "rev-parse", f"{change.branch}^") == main
    assert git(bare, "rev-parse", change.branch) == after.commit
    assert len(after.built_commits) == 3


@pytest.fixture
def killed_before_push(
    opened: PullRequest, change: ChangeRequest, member: User, bare: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:  # fmt: skip
    """The commit that a branch still stands at whose rebuild ended between the record and the push."""

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    push_by_hand(bare, tmp_path, {"other": "1\n"})
    before = reloaded(change).commit
    ask(change, member)
    monkeypatch.setattr(GitWorkspace, "push", die)
    with pytest.raises(KeyboardInterrupt):
        pipeline.ship(change.pk)
    monkeypatch.undo()
    assert git(bare, "rev-parse", change.branch) == reloaded(change).commit == before
    assert len(reloaded(change).built_commits) == 2
    return before


def test_a_change_withdrawn_after_a_worker_died_before_its_push_leaves_no_branch(
    killed_before_push: str, change: ChangeRequest, bare: Path
) -> None:
    assert pipeline.withdraw_change(change.pk) == [
        "closed pull request #1 of acme/gitops",
        f"deleted the branch {change.branch} of acme/gitops",
    ]
    assert git(bare, "for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/main"


def test_a_rebuild_that_finds_nothing_to_do_names_the_commit_that_the_branch_holds(
    killed_before_push: str, change: ChangeRequest, bare: Path, tmp_path: Path
) -> None:
    holds_all = {"services/checkout/rollout.yaml": "kind: Rollout\n", "README.md": "bye\n"}
    push_by_hand(bare, tmp_path, holds_all)
    pipeline.ship(change.pk)
    after = reloaded(change)
    assert (after.state, after.commit) == ("opened", killed_before_push)
    assert git(bare, "rev-parse", change.branch) == killed_before_push


def test_what_the_target_branch_holds_already_is_said(
    opened: PullRequest, change: ChangeRequest, member: User, bare: Path, tmp_path: Path
) -> None:
    push_by_hand(
        bare, tmp_path,
        {"services/checkout/rollout.yaml": "kind: Rollout\n", "README.md": "bye\n"},
    )  # fmt: skip
    ask(change, member)
    pipeline.ship(change.pk)
    assert reloaded(change).warnings == ["main holds all of it already; close the pull request."]


def test_only_an_open_one_can_be_rebuilt(change: ChangeRequest, member: User) -> None:
    with pytest.raises(Conflict, match="only one whose pull request is open"):
        actions.rebuild_change(actor=member, change=change)
    assert ChangeRequest.objects.get().state == ChangeState.REQUESTED
