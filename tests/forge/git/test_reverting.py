"""One change taken back: later lines stay, other folders stay, and what cannot be done is said with the way out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from flagstone.forge.errors import EmptyChange, InvalidPath, MergeConflict, NothingBefore
from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.git.landed import find_landed
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.reverting import revert
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.git.http_host import HttpHost
from tests.forge.git.test_landed import merge_by_hand
from tests.forge.repositories import git, make_repository, push_by_hand, record_commands, remote

FOLDER = "services/a"
LINES = "".join(f"line{number}: {number}\n" for number in range(1, 21))


def with_line(number: int, value: str, text: str = LINES) -> str:
    return text.replace(f"line{number}: {number}\n", f"line{number}: {value}\n")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    files: Mapping[str, str | FileContent] = {
        "services/a/x.yaml": LINES,
        "services/a/run.sh": FileContent(b"#!/bin/sh\n", executable=True),
        "services/b/x.yaml": "b: 1\n",
    }
    return make_repository(tmp_path / "host", files)


def taken_back(where: GitRemote, folder: str = FOLDER, *, nth: int = 0) -> dict[str, str | None]:
    changes = change_set_of(where, folder, nth=nth)
    return {
        path: content.data.decode() if content else None for path, content in changes.files.items()
    }


def change_set_of(where: GitRemote, folder: str = FOLDER, *, nth: int = 0) -> ChangeSet:
    with GitWorkspace(where) as workspace:
        head = workspace.observe().head()
        found = find_landed(workspace, head, folder, most=10)
        return revert(workspace, found[nth], head=head, folder=folder)


def test_a_change_is_taken_back_to_what_was_before(bare: Path, tmp_path: Path) -> None:
    push_by_hand(
        bare,
        tmp_path,
        {"services/a/x.yaml": with_line(2, "two"), "services/a/new.yaml": "n: 1\n"},
    )
    assert taken_back(remote(bare)) == {"services/a/x.yaml": LINES, "services/a/new.yaml": None}


def test_what_came_later_to_other_lines_stays(bare: Path, tmp_path: Path) -> None:
    bad = with_line(2, "two")
    push_by_hand(bare, tmp_path, {"services/a/x.yaml": bad})
    push_by_hand(bare, tmp_path, {"services/a/x.yaml": with_line(19, "good", bad)})
    assert taken_back(remote(bare), nth=1) == {"services/a/x.yaml": with_line(19, "good")}


def test_what_the_change_did_to_other_services_stays(bare: Path, tmp_path: Path) -> None:
    both = {"services/a/x.yaml": "gone wrong\n", "services/b/x.yaml": "b: 2\n"}
    push_by_hand(bare, tmp_path, both)
    assert taken_back(remote(bare)) == {"services/a/x.yaml": LINES}
    assert taken_back(remote(bare), "services/b") == {"services/b/x.yaml": "b: 1\n"}
    assert taken_back(remote(bare), "") == {
        "services/a/x.yaml": LINES,
        "services/b/x.yaml": "b: 1\n",
    }


def test_a_merge_is_taken_back_to_its_first_parent(bare: Path, tmp_path: Path) -> None:
    merge_by_hand(bare, tmp_path, {"services/a/x.yaml": with_line(2, "two")}, name="two")
    assert taken_back(remote(bare)) == {"services/a/x.yaml": LINES}


def test_a_deleted_file_comes_back_with_its_executable_bit(bare: Path, tmp_path: Path) -> None:
    push_by_hand(bare, tmp_path, {"services/a/run.sh": None})
    assert change_set_of(remote(bare)).files == {
        "services/a/run.sh": FileContent(b"#!/bin/sh\n", executable=True)
    }


def test_a_renamed_file_goes_back_with_what_was_written_into_it_since(
    bare: Path, tmp_path: Path
) -> None:
    push_by_hand(bare, tmp_path, {"services/a/x.yaml": None, "services/a/y.yaml": LINES})
    push_by_hand(bare, tmp_path, {"services/a/y.yaml": with_line(19, "good")})
    assert taken_back(remote(bare), nth=1) == {
        "services/a/x.yaml": with_line(19, "good"),
        "services/a/y.yaml": None,
    }


def test_the_same_lines_changed_since_are_a_conflict_that_names_the_file(
    bare: Path, tmp_path: Path
) -> None:
    bad = push_by_hand(bare, tmp_path, {"services/a/x.yaml": with_line(2, "two")})
    push_by_hand(bare, tmp_path, {"services/a/x.yaml": with_line(2, "three")})
    with pytest.raises(MergeConflict) as caught:
        taken_back(remote(bare), nth=1)
    assert caught.value.message == (
        f"The same lines were changed again after {bad[:12]}: services/a/x.yaml. Take the later change back first, "
        f"or do it by hand: `git revert {bad[:12]}`, mend these files, and open a pull request."
    )
    assert caught.value.params["paths"] == ["services/a/x.yaml"]


def test_of_many_conflicts_five_are_named_and_a_merge_is_reverted_by_hand_with_its_side(
    bare: Path, tmp_path: Path
) -> None:
    names = [f"services/a/{number}.yaml" for number in range(7)]
    push_by_hand(bare, tmp_path, dict.fromkeys(names, "v: 1\n"))
    merge = merge_by_hand(bare, tmp_path, dict.fromkeys(names, "v: 2\n"), name="two")
    push_by_hand(bare, tmp_path, dict.fromkeys(names, "v: 3\n"))
    with pytest.raises(MergeConflict) as caught:
        taken_back(remote(bare), nth=1)
    assert "services/a/4.yaml and 2 more." in caught.value.message
    assert f"`git revert -m 1 {merge[:12]}`" in caught.value.message


def test_what_is_taken_back_already_is_nothing_to_take_back(bare: Path, tmp_path: Path) -> None:
    bad = push_by_hand(bare, tmp_path, {"services/a/x.yaml": with_line(2, "two")})
    push_by_hand(bare, tmp_path, {"services/a/x.yaml": LINES})
    with pytest.raises(EmptyChange) as caught:
        taken_back(remote(bare), nth=1)
    assert caught.value.message == (
        f"services/a holds nothing of {bad[:12]} any more: there is nothing left to take back."
    )


def test_nothing_came_before_the_first_change_of_a_folder(bare: Path, tmp_path: Path) -> None:
    begun = push_by_hand(bare, tmp_path, {"services/c/x.yaml": "c: 1\n"})
    with pytest.raises(NothingBefore) as caught:
        taken_back(remote(bare), "services/c")
    assert caught.value.message == (
        f"{begun[:12]} began services/c: there is no earlier state to go back to. "
        "To take it out of production, delete it in a pull request of its own."
    )
    with pytest.raises(NothingBefore):
        taken_back(remote(bare), "services/b")  # the very first commit of the repository


def test_a_folder_that_was_deleted_comes_back(bare: Path, tmp_path: Path) -> None:
    push_by_hand(bare, tmp_path, {"services/b/x.yaml": None})
    assert taken_back(remote(bare), "services/b") == {"services/b/x.yaml": "b: 1\n"}


def test_a_symbolic_link_is_left_to_people(bare: Path, tmp_path: Path) -> None:
    clone = tmp_path / "linking"
    git(tmp_path, "clone", "--quiet", str(bare), str(clone))
    (clone / "services/a/link").symlink_to("x.yaml")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "Link")
    git(clone, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    with pytest.raises(InvalidPath) as caught:
        taken_back(remote(bare))
    assert caught.value.message == (
        "services/a/link is a symbolic link or submodule; Flagstone does not write those. "
        "Take the change back by hand."
    )


def test_a_binary_file_is_taken_back_whole(bare: Path, tmp_path: Path) -> None:
    push_by_hand(bare, tmp_path, {"services/a/x.yaml": "\0\1\2" * 100})
    assert taken_back(remote(bare)) == {"services/a/x.yaml": LINES}


def test_a_repository_elsewhere_gives_the_same_and_is_asked_three_times(
    web: HttpHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its refs, its last commits, and the contents of a few files: git fetches none of them one by one."""
    files = {f"services/a/{number}.yaml": LINES for number in range(20)}
    push_by_hand(web.bare, tmp_path, {**files, "services/b/y.yaml": "y: 1\n"})
    bad = {path: with_line(2, "two") for path in files}
    push_by_hand(web.bare, tmp_path, {**bad, "services/b/y.yaml": "y: 2\n"})
    push_by_hand(
        web.bare,
        tmp_path,
        {path: with_line(19, "good", text) for path, text in bad.items()},
    )
    commands = record_commands(monkeypatch)
    web.server.requests.clear()
    good = dict.fromkeys(files, with_line(19, "good"))
    assert taken_back(web.remote(), nth=1) == good
    assert commands.count("fetch") == 2
    assert len(web.server.sent("POST /acme/gitops.git/git-upload-pack")) <= 6
    assert taken_back(remote(web.bare), nth=1) == good


def test_the_repository_is_left_as_it_was(bare: Path, tmp_path: Path) -> None:
    push_by_hand(bare, tmp_path, {"services/a/x.yaml": with_line(2, "two")})
    before = git(bare, "for-each-ref"), git(bare, "count-objects", "-v")
    taken_back(remote(bare))
    assert (git(bare, "for-each-ref"), git(bare, "count-objects", "-v")) == before
