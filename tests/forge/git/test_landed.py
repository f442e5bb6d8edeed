"""What landed on a branch: plain commits, squashed ones and merges, near and far, deep and cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from flagstone.forge.errors import HistoryMissing
from flagstone.forge.git import landed
from flagstone.forge.git.landed import find_landed, folder_tree
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.git.http_host import HttpHost
from tests.forge.repositories import git, make_repository, push_by_hand, record_commands, remote

FOLDER = "services/a"
FILES = {"services/a/x.yaml": "x: 1\n", "services/ab/x.yaml": "x: 1\n", "README.md": "hello\n"}


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "host", FILES)


def merge_by_hand(bare: Path, scratch: Path, files: dict[str, str], *, name: str) -> str:
    """Push a branch and merge it with a merge commit, as code hosts do; return the merge."""
    push_by_hand(bare, scratch, files, branch=name, message=f"Work on {name}")
    clone = scratch / f"merging-{name}"
    git(scratch, "clone", "--quiet", str(bare), str(clone))
    git(clone, "merge", "--quiet", "--no-ff", "--message", f"Merge {name}", f"origin/{name}")
    git(clone, "push", "--quiet", "origin", "main")
    return git(clone, "rev-parse", "HEAD")


def subjects(where: GitRemote, folder: str = FOLDER, *, most: int = 10) -> list[str]:
    with GitWorkspace(where) as workspace:
        head = workspace.observe().head()
        return [each.subject for each in find_landed(workspace, head, folder, most=most)]


def test_only_what_changed_the_folder_is_found_the_newest_first(bare: Path, tmp_path: Path) -> None:
    push_by_hand(bare, tmp_path, {"services/a/x.yaml": "x: 2\n"}, message="Two")
    push_by_hand(bare, tmp_path, {"services/ab/x.yaml": "x: 2\n"}, message="A neighbour")
    push_by_hand(bare, tmp_path, {"services/a/y.yaml": "y: 1\n"}, message="Three")
    push_by_hand(bare, tmp_path, {"README.md": "bye\n"}, message="Words")
    assert subjects(remote(bare)) == ["Three", "Two", "Begin"]
    assert subjects(remote(bare), most=2) == ["Three", "Two"]
    assert subjects(remote(bare), "", most=2) == ["Words", "Three"]
    assert subjects(remote(bare), "services/none") == []


def test_a_merge_stands_for_all_that_it_brought(bare: Path, tmp_path: Path) -> None:
    before = git(bare, "rev-parse", "main")
    merge = merge_by_hand(bare, tmp_path, {"services/a/x.yaml": "x: 2\n"}, name="faster")
    with GitWorkspace(remote(bare)) as workspace:
        found, first = find_landed(workspace, merge, FOLDER, most=10)
    assert (found.commit, found.parent, found.is_merge) == (merge, before, True)
    assert (found.subject, found.author.name) == ("Merge faster", "Hand")
    assert (first.subject, first.parent, first.is_merge) == ("Begin", "", False)


def test_a_repository_elsewhere_is_read_only_as_far_back_as_needed(
    web: HttpHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landed, "_DEPTHS", (2, 4, 50))
    push_by_hand(web.bare, tmp_path, {"README.md": "none\n"}, message="Words")
    push_by_hand(web.bare, tmp_path, {"services/a/x.yaml": "x: 2\n"}, message="Two")
    for number in range(2):
        push_by_hand(web.bare, tmp_path, {"README.md": f"{number}\n"}, message="Words")
    commands = record_commands(monkeypatch)
    assert subjects(web.remote()) == ["Two"]
    assert commands.count("fetch") == 2


def test_where_the_copy_ends_no_commit_is_taken_for_a_change(
    web: HttpHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest commit of a shallow copy seems to have changed every file."""
    monkeypatch.setattr(landed, "_DEPTHS", (1, 2))
    for number in range(3):
        push_by_hand(web.bare, tmp_path, {"README.md": f"{number}\n"}, message="Words")
    with pytest.raises(HistoryMissing) as caught:
        subjects(web.remote())
    assert caught.value.message == (
        "The last 2 commits of acme/gitops changed nothing below services/a; "
        "it is not looked for further back."
    )


def test_a_local_copy_without_its_past_says_so(bare: Path, tmp_path: Path) -> None:
    push_by_hand(bare, tmp_path, {"README.md": "bye\n"})
    shallow = tmp_path / "shallow.git"
    git(tmp_path, "clone", "--quiet", "--bare", "--depth=1", f"file://{bare}", str(shallow))
    with pytest.raises(HistoryMissing, match="The history of shallow is not all there"):
        subjects(remote(shallow))


def test_a_file_in_the_place_of_the_folder_is_no_folder(bare: Path, tmp_path: Path) -> None:
    head = git(bare, "rev-parse", "main")
    with GitWorkspace(remote(bare)) as workspace:
        assert folder_tree(workspace.git, head, "README.md") == ""
        assert folder_tree(workspace.git, head, "services/none") == ""
        assert folder_tree(workspace.git, head, FOLDER) == git(bare, "rev-parse", f"main:{FOLDER}")
        assert folder_tree(workspace.git, head, "") == git(bare, "rev-parse", "main^{tree}")


def test_a_commit_with_a_year_that_no_calendar_has_is_read(bare: Path) -> None:
    tree, parent = git(bare, "rev-parse", "main^{tree}"), git(bare, "rev-parse", "main")
    person = "Hand <hand@example.com> 99999999999999 +0000"
    text = f"tree {tree}\nparent {parent}\nauthor {person}\ncommitter {person}\n\nLate\n"
    late = git(bare, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=text)
    with GitWorkspace(remote(bare)) as workspace:
        found = find_landed(workspace, late, "", most=2)
    assert [each.subject for each in found] == ["Late", "Begin"]
