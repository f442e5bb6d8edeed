"""What taking a change back would do, worked out on the repository of this moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flagstone.accounts.models import User
from flagstone.core.errors import Conflict
from flagstone.forge import actions, pipeline
from flagstone.forge.errors import EmptyChange, MergeConflict, NothingBefore, RefNotFound
from flagstone.forge.models import Repository
from flagstone.forge.revert_plans import holds_commit, plan_revert
from tests.forge.git.http_host import TOKEN, HttpHost
from tests.forge.repositories import files_at, git, make_repository, push_by_hand
from tests.git_http import serving

FOLDER = "services/a"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[HttpHost]:
    bare = make_repository(tmp_path / "web", {"services/a/x.yaml": "x: 1\n"})
    with serving(tmp_path / "web", users={"bot": TOKEN}) as server:
        yield HttpHost(server, bare)


def test_the_last_change_is_taken_back_and_shown_as_a_difference(
    gitops: Repository, bare: Path, tmp_path: Path
) -> None:
    bad = push_by_hand(bare, tmp_path, {"services/a/x.yaml": "x: 2\n"}, message="Faster")
    head = push_by_hand(bare, tmp_path, {"README.md": "bye\n"})
    plan = plan_revert(gitops, FOLDER)
    assert (plan.head, plan.change.commit, plan.change.subject) == (head, bad, "Faster")
    assert plan.tree == git(bare, "rev-parse", f"main:{FOLDER}")
    assert [each.subject for each in plan.recent] == ["Faster", "Begin"]
    assert plan.is_last
    assert plan.obstacle is None
    assert plan.changes
    assert list(plan.changes.files) == ["services/a/x.yaml"]
    [file] = plan.files
    assert (file.path, file.additions, file.deletions) == ("services/a/x.yaml", 1, 1)
    assert [line.text for line in file.hunks[0].lines] == ["x: 2", "x: 1"]


def test_an_earlier_change_can_be_picked(gitops: Repository, bare: Path, tmp_path: Path) -> None:
    earlier = push_by_hand(bare, tmp_path, {"services/a/y.yaml": "y: 1\n"})
    push_by_hand(bare, tmp_path, {"services/a/x.yaml": "x: 2\n"})
    plan = plan_revert(gitops, FOLDER, commit=earlier)
    assert plan.changes
    assert dict(plan.changes.files) == {"services/a/y.yaml": None}
    assert not plan.is_last


def test_what_stands_in_the_way_is_told_with_the_change(
    gitops: Repository, bare: Path, tmp_path: Path
) -> None:
    first = git(bare, "rev-parse", "main")
    bad = push_by_hand(bare, tmp_path, {"services/a/x.yaml": "x: 2\n"})
    worse = push_by_hand(bare, tmp_path, {"services/a/x.yaml": "x: 3\n"})
    conflict = plan_revert(gitops, FOLDER, commit=bad)
    assert isinstance(conflict.obstacle, MergeConflict)
    assert (conflict.changes, conflict.files, conflict.change.commit) == (None, (), bad)
    assert isinstance(plan_revert(gitops, FOLDER, commit=first).obstacle, NothingBefore)
    push_by_hand(bare, tmp_path, {"services/a/x.yaml": "x: 2\n"})
    assert isinstance(plan_revert(gitops, FOLDER, commit=worse).obstacle, EmptyChange)


def test_a_commit_that_did_not_change_the_folder_is_refused(
    gitops: Repository, bare: Path, tmp_path: Path
) -> None:
    other = push_by_hand(bare, tmp_path, {"README.md": "bye\n"})
    with pytest.raises(RefNotFound, match=f"^{other[:12]} is none of the last 10 changes"):
        plan_revert(gitops, FOLDER, commit=other)
    with pytest.raises(RefNotFound, match="ever changed services/none: there is nothing"):
        plan_revert(gitops, "services/none")


def test_the_files_are_built_on_what_they_were_worked_out_on(
    gitops: Repository, bare: Path, tmp_path: Path, member: User, lead: User
) -> None:
    """Whatever lands between the look and the push stays: the merge puts the two together."""
    lines = "".join(f"l{number}: 1\n" for number in range(20))
    push_by_hand(bare, tmp_path, {"services/a/x.yaml": lines})
    bad = lines.replace("l2: 1", "l2: 2")
    push_by_hand(bare, tmp_path, {"services/a/x.yaml": bad})
    plan = plan_revert(gitops, FOLDER)
    assert plan.changes
    good = bad.replace("l18: 1", "l18: good")
    push_by_hand(bare, tmp_path, {"services/a/x.yaml": good})
    change = pipeline.record_change(
        requested_by=member,
        repository=gitops,
        title="Revert",
        body="",
        files=plan.changes.files,
        source="rollback:1",
        based_on=plan.head,
    )
    pull = pipeline.ship(change.pk)
    assert pull is not None
    change.refresh_from_db()
    assert (change.base_commit, git(bare, "rev-parse", f"{change.commit}^")) == (plan.head,) * 2
    actions.merge_pull_request(actor=lead, pull_request=pull)
    with pytest.raises(Conflict, match="put on another commit they would undo what came since"):
        actions.rebuild_change(actor=member, change=change)
    assert files_at(bare, "main")["services/a/x.yaml"] == lines.replace("l18: 1", "l18: good")


def test_a_commit_is_part_of_what_came_after_it(
    gitops: Repository, bare: Path, tmp_path: Path
) -> None:
    first = git(bare, "rev-parse", "main")
    later = push_by_hand(bare, tmp_path, {"README.md": "bye\n"})
    assert holds_commit(gitops, first, of=later)
    assert holds_commit(gitops, later, of=later)
    assert not holds_commit(gitops, later, of=first)


def test_it_is_so_at_a_repository_elsewhere_too(
    web: HttpHost, gitops: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Elsewhere:
        def git_remote(self, name: str) -> object:
            return web.remote(name)

    monkeypatch.setattr("flagstone.forge.revert_plans.connect", lambda _: Elsewhere())
    first = git(web.bare, "rev-parse", "main")
    later = push_by_hand(web.bare, tmp_path, {"services/a/x.yaml": "x: 2\n"})
    assert holds_commit(gitops, first, of=later)
    assert not holds_commit(gitops, later, of=first)
    plan = plan_revert(gitops, FOLDER)
    assert plan.changes
    assert [content.data for content in plan.changes.files.values() if content] == [b"x: 1\n"]
    assert [file.path for file in plan.files] == ["services/a/x.yaml"]
