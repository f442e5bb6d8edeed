"""Rows of the fault matrix in which others are at the same branches, or rules guard them; over HTTP."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flagstone.forge.errors import BranchOccupied, EmptyChange, EmptyRepository, PolicyRejected
from flagstone.forge.git.first_commit import publish_first_commit
from flagstone.forge.git.pushing import PushOutcome, PushResult
from flagstone.forge.git.remotes import check_unblocked
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.git.http_host import BRANCH, HttpHost, build
from tests.forge.repositories import change_set, files_at, git, meta, push_by_hand
from tests.git_http import Cut, GitFault, protect, write_hook

ON_PACK = "POST /acme/gitops.git/git-receive-pack"


def test_row_8_a_hook_refuses_a_branch_in_its_own_words(web: HttpHost) -> None:
    write_hook(web.bare, "echo 'Commits need a ticket.' >&2; echo 'Ask Mia.' >&2; exit 1")
    with GitWorkspace(web.remote()) as workspace:
        outcome = workspace.push(build(workspace), BRANCH, expected=None)
    assert outcome == PushOutcome(PushResult.REJECTED, "Commits need a ticket.\nAsk Mia.")
    assert list(web.branches()) == ["main"]


def test_row_8_a_protected_branch_is_neither_written_nor_deleted(web: HttpHost) -> None:
    protect(web.bare, "main", words="GH006: Protected branch update failed.")
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        outcome = workspace.push(commit, "main", expected=commit.base)
        assert outcome.result is PushResult.REJECTED
        assert outcome.message.splitlines()[0] == "GH006: Protected branch update failed."
        with pytest.raises(PolicyRejected, match="does not let the branch main go: "):
            workspace.delete_branch("main", expected=commit.base)
        assert workspace.push(commit, BRANCH, expected=None).result is PushResult.PUSHED
    assert web.branches() == {"main": commit.base, BRANCH: commit.sha}


def test_row_9_a_branch_with_our_commit_is_left_and_nothing_is_sent(web: HttpHost) -> None:
    with GitWorkspace(web.remote()) as workspace:
        first = build(workspace)
        workspace.push(first, BRANCH, expected=None)
    with GitWorkspace(web.remote()) as workspace:
        second = build(workspace)
        assert workspace.observe("main", BRANCH).branches[BRANCH] == second.sha == first.sha
        outcome = workspace.push(second, BRANCH, expected=None)
    assert outcome == PushOutcome(PushResult.UP_TO_DATE)
    assert len(web.pushes()) == 1


def test_row_10_a_branch_with_somebody_elses_commit_is_never_overwritten(
    web: HttpHost, tmp_path: Path
) -> None:
    theirs = push_by_hand(web.bare, tmp_path, {"b": "2"}, branch=BRANCH)
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        for expected in (None, commit.base, commit.sha):
            outcome = workspace.push(commit, BRANCH, expected=expected)
            assert outcome.result is PushResult.STALE_LEASE
        assert workspace.observe(BRANCH).branches[BRANCH] == theirs
        assert workspace.delete_branch(BRANCH, expected=commit.sha) is False
    assert web.branches()[BRANCH] == theirs
    assert web.pushes() == []


def test_row_11_what_a_person_pushed_while_we_built_again_stays(
    web: HttpHost, tmp_path: Path
) -> None:
    with GitWorkspace(web.remote()) as workspace:
        first = build(workspace)
        workspace.push(first, BRANCH, expected=None)
        again = build(workspace, "2")
        theirs = push_by_hand(web.bare, tmp_path, {"b": "2"}, branch=BRANCH, start=BRANCH)
        outcome = workspace.push(again, BRANCH, expected=first.sha)
    assert outcome.result is PushResult.STALE_LEASE
    assert web.branches()[BRANCH] == theirs


@pytest.mark.parametrize("act", ["push", "delete"])
def test_row_11_what_a_person_pushes_between_our_look_and_our_pack_stays(
    web: HttpHost, tmp_path: Path, act: str
) -> None:
    with GitWorkspace(web.remote()) as workspace:
        first = build(workspace)
        workspace.push(first, BRANCH, expected=None)
        again = build(workspace, "2")
        they_are_done = threading.Event()
        web.server.faults.append(GitFault(ON_PACK, until=they_are_done))
        sent = len(web.pushes())
        with ThreadPoolExecutor(1) as pool:
            if act == "push":
                running = pool.submit(workspace.push, again, BRANCH, expected=first.sha)
            else:
                running = pool.submit(workspace.delete_branch, BRANCH, expected=first.sha)
            while len(web.pushes()) == sent:
                time.sleep(0.01)
            theirs = push_by_hand(web.bare, tmp_path, {"b": "2"}, branch=BRANCH, start=BRANCH)
            they_are_done.set()
            outcome = running.result()
        if act == "push":
            assert outcome.result is PushResult.UNKNOWN
        else:
            assert outcome is False
        assert workspace.observe_after_write(BRANCH).branches[BRANCH] == theirs
    assert web.branches()[BRANCH] == theirs


@pytest.mark.parametrize(("taken", "wanted"), [("flagstone", BRANCH), (f"{BRANCH}/more", BRANCH)])
def test_row_12_a_branch_in_the_way_is_named_and_nothing_is_written(
    web: HttpHost, tmp_path: Path, taken: str, wanted: str
) -> None:
    theirs = push_by_hand(web.bare, tmp_path, {"n": "1"}, branch=taken)
    before = web.branches()
    with GitWorkspace(web.remote()) as workspace:
        with pytest.raises(BranchOccupied, match=f"the branch '{taken}' stands in its way"):
            check_unblocked(workspace.observe("main", wanted), wanted)
        assert workspace.push(build(workspace), wanted, expected=None).result is PushResult.UNKNOWN
        assert wanted not in workspace.observe_after_write(wanted).branches
        assert workspace.delete_branch(wanted, expected=theirs) is False
    assert web.branches() == before


def test_row_12_a_tag_of_the_branchs_name_confuses_nothing(web: HttpHost) -> None:
    base = web.branches()["main"]
    git(web.bare, "tag", BRANCH, "main")
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        assert BRANCH not in workspace.observe("main", BRANCH).branches
        assert workspace.push(commit, BRANCH, expected=None).result is PushResult.PUSHED
        assert git(web.bare, "rev-parse", f"refs/heads/{BRANCH}") == commit.sha
        assert workspace.delete_branch(BRANCH, expected=commit.sha) is True
    assert web.branches() == {"main": base}
    assert git(web.bare, "rev-parse", f"refs/tags/{BRANCH}") == base


def test_row_13_a_base_that_moves_before_the_push_leaves_a_branch_that_can_be_merged(
    web: HttpHost, tmp_path: Path
) -> None:
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        moved = push_by_hand(web.bare, tmp_path, {"b": "2"})
        assert workspace.push(commit, BRANCH, expected=None).result is PushResult.PUSHED
        assert git(web.bare, "merge-base", "main", BRANCH) == commit.base
        git(web.bare, "merge-tree", "--write-tree", "main", BRANCH)
        rebuilt = build(workspace)
        assert workspace.push(rebuilt, BRANCH, expected=commit.sha).result is PushResult.PUSHED
    assert git(web.bare, "log", "-1", "--format=%H %P", BRANCH) == f"{rebuilt.sha} {moved}"
    assert files_at(web.bare, BRANCH) == {
        "README.md": "hello\n", "services/a/x.yaml": "x: 1\n", "a": "1", "b": "2",
    }  # fmt: skip


def test_row_15_a_change_that_is_there_already_sends_nothing(web: HttpHost) -> None:
    with GitWorkspace(web.remote()) as workspace:
        base = workspace.observe("main").head()
        same = change_set({"README.md": "hello\n", "absent": None})
        with pytest.raises(EmptyChange):
            workspace.build_commit(base, same, meta())
    assert web.server.sent("git-receive-pack") == []


def test_row_34_twenty_workers_push_twenty_branches_of_one_repository_at_once(
    web: HttpHost,
) -> None:
    together = threading.Barrier(20)

    def work(number: int) -> tuple[str, PushOutcome, str]:
        branch = f"flagstone/change-{number:08x}"
        together.wait()
        with GitWorkspace(web.remote()) as workspace:
            base = workspace.observe("main", branch).head()
            changes = change_set({f"services/{number}/x.yaml": f"n: {number}\n"})
            commit = workspace.build_commit(base, changes, meta(f"Change {number}"))
            return branch, workspace.push(commit, branch, expected=None), commit.sha

    with ThreadPoolExecutor(20) as pool:
        done = list(pool.map(work, range(20)))
    assert [outcome for _, outcome, _ in done] == [PushOutcome(PushResult.PUSHED)] * 20
    branches = web.branches()
    assert len(branches) == 21
    assert {branch: sha for branch, _, sha in done}.items() <= branches.items()


def test_an_empty_repository_is_told_and_gets_its_first_commit(
    web: HttpHost, tmp_path: Path
) -> None:
    empty = tmp_path / "host/acme/new.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(empty))
    with GitWorkspace(web.remote("acme/new")) as workspace, pytest.raises(EmptyRepository):
        workspace.observe("main").head()
    files = change_set({"README.md": "new\n"})
    web.server.faults.append(GitFault("POST /acme/new.git/git-receive-pack", cut=Cut.UNANSWERED))
    first = publish_first_commit(web.remote("acme/new"), files, meta("Begin"))
    assert publish_first_commit(web.remote("acme/new"), files, meta("Begin")) == first
    assert git(empty, "log", "--all", "--format=%H|%P") == f"{first}|"
    assert files_at(empty, "main") == {"README.md": "new\n"}


@pytest.mark.parametrize("cut", [Cut.UNANSWERED, Cut.HALFWAY])
def test_a_deletion_whose_answer_is_lost_is_done(web: HttpHost, cut: Cut) -> None:
    with GitWorkspace(web.remote()) as workspace:
        commit = build(workspace)
        workspace.push(commit, BRANCH, expected=None)
        web.server.faults.append(GitFault(ON_PACK, cut=cut, times=9))
        assert workspace.delete_branch(BRANCH, expected=commit.sha) is True
    assert list(web.branches()) == ["main"]
