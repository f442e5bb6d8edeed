from __future__ import annotations

from pathlib import Path

import pytest

from flagstone.forge.errors import InvalidPath
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.git.http_host import HttpHost
from tests.forge.repositories import change_set, make_repository, meta, push_by_hand, remote

LFS = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 3\n"


def build(root: Path, rules: str, files: dict[str, str | None]) -> None:
    bare = make_repository(root, {".gitattributes": rules, "old.bin": POINTER})
    with GitWorkspace(remote(bare)) as workspace:
        workspace.build_commit(workspace.observe("main").head(), change_set(files), meta())


def test_a_file_that_lfs_should_keep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidPath) as caught:
        build(tmp_path, LFS, {"ok.txt": "1", "logo.bin": "raw"})
    assert caught.value.message == (
        "'logo.bin' has to pass through the filter 'lfs', as a .gitattributes file of the repository "
        "says; Flagstone runs no filters. Write it elsewhere, or change that rule."
    )
    assert caught.value.params == {"path": "logo.bin", "filter": "lfs"}


@pytest.mark.parametrize("name", ["git-crypt", "git-crypt-ops", "crypt"])
def test_a_file_that_should_be_encrypted_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidPath, match=f"through the filter '{name}'"):
        build(tmp_path, f"secrets/** filter={name}\n", {"secrets/a": "plain"})


@pytest.mark.parametrize(
    ("rules", "files"),
    [
        (LFS, {"logo.bin": POINTER}),
        (LFS, {"old.bin": None}),
        (LFS, {"logo.png": "raw"}),
        (f"{LFS}small.bin -filter\n", {"small.bin": "raw"}),
        ("* filter=tidy\n", {"a": "1"}),
        (LFS, {".gitattributes": "# none any more\n", "logo.bin": "raw"}),
    ],
)
def test_what_needs_no_filter_passes(
    tmp_path: Path, rules: str, files: dict[str, str | None]
) -> None:
    build(tmp_path, rules, files)


def test_rules_that_come_with_the_change_hold_as_well(tmp_path: Path) -> None:
    with pytest.raises(InvalidPath, match="filter 'lfs'"):
        build(tmp_path, "# none\n", {"a/.gitattributes": LFS, "a/logo.bin": "raw"})
    with GitWorkspace(remote(tmp_path)) as workspace, pytest.raises(InvalidPath):
        workspace.build_commit(None, change_set({".gitattributes": LFS, "x.bin": "raw"}), meta())


def test_rules_of_a_remote_are_fetched_to_be_asked(web: HttpHost, tmp_path: Path) -> None:
    push_by_hand(web.bare, tmp_path, {"media/.gitattributes": LFS})
    with GitWorkspace(web.remote()) as workspace:
        base = workspace.observe("main").head()
        with pytest.raises(InvalidPath, match=r"'media/logo\.bin' has to pass through"):
            workspace.build_commit(base, change_set({"media/logo.bin": "raw"}), meta())
        ours = {"media/.gitattributes": f"{LFS}# more\n", "media/logo.bin": POINTER}
        workspace.build_commit(base, change_set(ours), meta())
