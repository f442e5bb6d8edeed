"""Merges, on the stand-in and on a real Pagure."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import (
    HeadMoved,
    MergeConflict,
    NotAllowed,
    PolicyRejected,
    PullRequestNotOpen,
)
from flagstone.forge.hosts.base import MergeMethod, PullRequestState
from tests.forge.hosts.pagure.worlds import ADA, ADMIN, BOT, BRANCH, World, spec


def test_a_branch_that_is_ahead_is_merged_by_moving_forward(world: World) -> None:
    repo, forge = world.new_repository(), world.forge
    base = world.head(repo)
    head = world.put(repo, {"a.txt": "2\n"})
    forge.create_pull_request(repo, spec())
    with pytest.raises(HeadMoved):
        forge.merge_pull_request(repo, 1, expected_head="0" * 40, method=MergeMethod.MERGE, by=ADA)
    with pytest.raises(NotAllowed, match="does not squash"):
        forge.merge_pull_request(repo, 1, expected_head=head, method=MergeMethod.SQUASH, by=ADA)
    done = world.merge(repo, 1, head)
    assert (done.merge, done.head, done.base) == (head, head, base)
    assert world.head(repo) == head
    assert world.merge(repo, 1, head) == done
    pull = forge.get_pull_request(repo, 1)
    assert (pull.state, pull.merge, pull.head) == (PullRequestState.MERGED, head, head)
    assert pull.merged_at is not None
    assert pull.merged_at == pull.closed_at
    with pytest.raises(PullRequestNotOpen, match="merged already"):
        forge.close_pull_request(repo, 1, by=ADA)
    with pytest.raises(PullRequestNotOpen, match="with other commits"):
        world.merge(repo, 1, "0" * 40)


def test_row_13_and_row_20_a_moved_target_is_merged_with_a_merge_commit_by_whomever(
    world: World,
) -> None:
    repo, forge = world.new_repository(), world.forge
    head = world.put(repo, {"a.txt": "2\n"})
    moved = world.put(repo, {"other": "1\n"}, branch="main")
    opened = forge.create_pull_request(repo, spec())
    assert (opened.head, opened.base) == (head, moved)
    with pytest.raises(PolicyRejected, match="though the two go together: a rule"):  # row 8
        world.merge(repo, 1, head, user=ADMIN)  # who may not push
    world.do(BOT, f"{repo}/git/modifyacls", user_type="user", name=ADMIN, acl="commit")
    world.do(ADMIN, f"{repo}/pull-request/1/merge", wait=True)
    done = world.merge(repo, 1, head)
    assert (done.head, done.base, done.merge) == (head, moved, world.head(repo))
    assert done.merge not in (head, moved)
    # later commits do not hide the merge
    world.put(repo, {"later": "1\n"}, branch="main")
    found = forge.find_pull_request(repo, source=BRANCH, target="main")
    assert found is not None
    assert (found.state, found.merge, found.base) == (PullRequestState.MERGED, done.merge, moved)
    assert found.closed_by is not None
    assert found.closed_by.login == ADMIN


def test_row_14_a_conflict_names_the_files_and_merges_nothing(world: World) -> None:
    repo, forge = world.new_repository(), world.forge
    head = world.put(repo, {"a.txt": "theirs\n"})
    moved = world.put(repo, {"a.txt": "ours\n"}, branch="main")
    forge.create_pull_request(repo, spec())
    with pytest.raises(MergeConflict, match=r"both sides changed a\.txt") as caught:
        world.merge(repo, 1, head)
    assert caught.value.params["paths"] == ["a.txt"]
    assert world.head(repo) == moved
    assert forge.get_pull_request(repo, 1).state is PullRequestState.OPEN


def test_row_19_one_that_a_person_closed_stays_closed(world: World) -> None:
    repo, forge = world.new_repository(), world.forge
    head = world.put(repo, {"a.txt": "2\n"})
    forge.create_pull_request(repo, spec())
    world.do(ADMIN, f"{repo}/pull-request/1/close")
    found = forge.find_pull_request(repo, source=BRANCH, target="main")
    assert found is not None
    assert (found.state, found.head) == (PullRequestState.CLOSED, head)
    assert found.closed_by is not None
    assert (found.closed_by.login, found.closed_by.is_bot) == (ADMIN, False)


def test_a_head_is_that_of_the_branch_as_soon_as_it_is_pushed(world: World) -> None:
    repo, forge = world.new_repository(), world.forge
    world.put(repo, {"a.txt": "2\n"})
    forge.create_pull_request(repo, spec())
    second = world.put(repo, {"a.txt": "3\n"})
    assert forge.get_pull_request(repo, 1).head == second
    assert forge.delete_branch(repo, BRANCH, expected=second)
    gone = forge.get_pull_request(repo, 1)
    assert (gone.state, len(gone.head)) == (PullRequestState.OPEN, 40)
