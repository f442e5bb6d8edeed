from __future__ import annotations

import threading
from pathlib import Path

import pytest

from flagstone.forge.errors import (
    EmptyRepository,
    ForgeError,
    GitFailed,
    InvalidName,
    NoDefaultBranch,
    RepositoryExists,
    RepositoryGone,
)
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import RepositoryInfo
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.hosts.local import repositories as module
from tests.forge.repositories import change_set, files_at, git, make_repository, meta, remote


def create(root: Path, name: str) -> RepositoryInfo:
    return LocalForge(root).create_repository(
        name,
        description="Takes\nmoney",
        files=change_set({"README.md": "hi\n"}),
        meta=meta("Begin"),
    )


def test_a_new_repository_has_its_first_commit_on_main(root: Path) -> None:
    info = create(root, "acme/checkout")
    bare = root / "acme/checkout.git"
    assert info == RepositoryInfo(
        full_name="acme/checkout",
        description="Takes money",
        default_branch="main",
        head=git(bare, "rev-parse", "refs/heads/main"),
        may_write=True,
    )
    assert files_at(bare, "main") == {"README.md": "hi\n"}
    assert git(bare, "log", "--format=%an|%cn|%s|%P", "main") == "Mia Wong|Flagstone|Begin|"
    assert git(bare, "fsck", "--strict") == ""
    assert not (bare / "hooks").exists()


@pytest.mark.parametrize("name", ["acme/checkout", "acme/CheckOut", "ACME/checkout"])
def test_a_taken_name_is_refused_whatever_its_case(root: Path, name: str) -> None:
    create(root, "acme/checkout")
    with pytest.raises(RepositoryExists) as caught:
        create(root, name)
    assert caught.value.params == {"name": name, "existing": "acme/checkout"}
    assert LocalForge(root).repository_names() == ["acme/checkout"]


def test_of_two_people_at_once_one_wins_and_one_is_told(root: Path) -> None:
    results: list[object] = []

    def attempt(name: str) -> None:
        try:
            results.append(create(root, name))
        except ForgeError as error:
            results.append(error)

    threads = [threading.Thread(target=attempt, args=(n,)) for n in ("a/x", "A/X", "a/X", "a/x")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(result).__name__ for result in results) == [
        "RepositoryExists", "RepositoryExists", "RepositoryExists", "RepositoryInfo",
    ]  # fmt: skip
    assert len(LocalForge(root).repository_names()) == 1


@pytest.mark.parametrize(
    "name",
    [
        "checkout",
        "acme/",
        "/checkout",
        "acme/a/b",
        "../evil/x",
        "acme/..",
        "acme/a..b",
        "acme/-x",
        "acme/.x",
        "acme/x.git",
        "acme/x.GIT",
        "acme/x.pulls",
        "acme/x.",
        "acme/ä",
        "acme/a b",
        "acme/a\n",
        "acme/" + "x" * 101,
    ],
)
def test_an_unfit_name_is_refused_before_anything_is_written(root: Path, name: str) -> None:
    with pytest.raises(InvalidName):
        create(root, name)
    assert not root.exists()


def test_a_failure_in_the_middle_leaves_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise GitFailed("no")

    monkeypatch.setattr(module, "fast_import_stream", fail)
    with pytest.raises(GitFailed):
        create(root, "acme/checkout")
    assert [path.name for path in (root / "acme").iterdir()] == []


def test_what_a_killed_process_left_is_swept_by_the_next(root: Path) -> None:
    (root / "acme" / ".draft-old").mkdir(parents=True)
    create(root, "acme/checkout")
    assert sorted(path.name for path in (root / "acme").iterdir()) == ["checkout.git"]


def test_the_refs_of_pull_requests_cannot_be_pushed(root: Path, tmp_path: Path) -> None:
    bare = make_repository(root, {"a": "1"})
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(bare), str(clone))
    with pytest.raises(Exception, match="non-zero exit status 1"):
        git(clone, "push", "origin", "main:refs/pull/1/head")


@pytest.mark.slow
def test_many_pushes_are_tidied_and_stay_readable(root: Path, bare: Path) -> None:
    with GitWorkspace(remote(bare)) as workspace:
        base = workspace.observe("main").head()
        for number in range(55):
            commit = workspace.build_commit(base, change_set({f"f{number}": "x"}), meta())
            workspace.push(commit, f"b{number}", expected=None)
        assert files_at(bare, "b0")["f0"] == "x"
        assert workspace.git.run("cat-file", "-t", base).stdout == b"commit\n"
    assert len(list((bare / "objects/pack").glob("*.pack"))) < 50


def test_a_missing_repository_is_told(root: Path) -> None:
    with pytest.raises(RepositoryGone, match="acme/none is gone"):
        LocalForge(root).get_repository("acme/none")


def test_a_folder_that_is_no_repository_is_told(root: Path, bare: Path) -> None:
    (bare / "HEAD").unlink()
    with pytest.raises(RepositoryGone, match="acme/gitops cannot be read"):
        LocalForge(root).get_repository("acme/gitops")


def test_an_empty_repository_is_told(root: Path) -> None:
    (root / "acme").mkdir(parents=True)
    git(root, "init", "--quiet", "--bare", "acme/empty.git")
    with pytest.raises(EmptyRepository):
        LocalForge(root).get_repository("acme/empty")


def test_a_head_that_leads_nowhere_is_told(root: Path, bare: Path) -> None:
    git(bare, "symbolic-ref", "HEAD", "refs/heads/gone")
    with pytest.raises(NoDefaultBranch, match="git symbolic-ref HEAD"):
        LocalForge(root).get_repository("acme/gitops")
