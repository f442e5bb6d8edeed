"""Listing a folder: nothing outside of it is read, and nothing is left out without a word."""

from __future__ import annotations

import os

import pytest

from flagstone.core.errors import NotFound
from flagstone.policies.manifests.folder_files import FolderFiles, TooLargeError
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.snapshot import Skipped


def write(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def test_files_in_order_without_version_control_and_packages(tmp_path):
    write(tmp_path, "b/z.yaml", "b/a.yaml", "a.txt", ".git/config", "b/node_modules/x.js")
    write(tmp_path, ".github/workflows/ci.yml")
    files = FolderFiles(tmp_path, Limits())
    assert list(files) == ["a.txt", ".github/workflows/ci.yml", "b/a.yaml", "b/z.yaml"]
    assert len(files) == 4
    assert "b/a.yaml" in files
    assert ".git/config" not in files
    assert files["b/a.yaml"] == b"b/a.yaml"
    assert files.skipped == []


def test_what_was_not_listed_cannot_be_read(tmp_path):
    write(tmp_path, "in/a.yaml", "secret")
    files = FolderFiles(tmp_path / "in", Limits())
    with pytest.raises(KeyError):
        files["../secret"]


def test_links(tmp_path):
    root = tmp_path / "root"
    write(root, "a.yaml", "folder/b.yaml")
    write(tmp_path, "secret.yaml")
    (root / "inside.yaml").symlink_to("a.yaml")
    (root / "linked").symlink_to("folder")
    (root / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    (root / "outside").symlink_to(tmp_path)
    (root / "nowhere").symlink_to("missing")
    (root / "circle").symlink_to("circle")
    (root / "folder" / "up").symlink_to("..")
    files = FolderFiles(root, Limits())
    assert list(files) == ["a.yaml", "inside.yaml", "folder/b.yaml"]
    assert files.links == {"inside.yaml"}
    assert files.skipped == [
        Skipped("circle", "a link that leads nowhere or in a circle"),
        Skipped("linked", "a link to a folder, which is read at its own place"),
        Skipped("nowhere", "a link that leads nowhere or in a circle"),
        Skipped("out.yaml", "a link that leads out of the folder"),
        Skipped("outside", "a link that leads out of the folder"),
        Skipped("folder/up", "a link to a folder, which is read at its own place"),
    ]


def test_a_link_made_after_the_listing_is_not_noticed_but_the_file_was_inside(tmp_path):
    write(tmp_path, "a.yaml")
    files = FolderFiles(tmp_path, Limits())
    (tmp_path / "a.yaml").unlink()
    with pytest.raises(FileNotFoundError):
        files["a.yaml"]


def test_pipes_are_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    files = FolderFiles(tmp_path, Limits())
    assert list(files) == []
    assert files.skipped == [Skipped("pipe.yaml", "neither a file nor a folder")]


def test_a_name_that_is_not_text(tmp_path):
    (tmp_path / "a.yaml").write_text("")
    os.close(os.open(os.fsencode(tmp_path) + b"/\xff.yaml", os.O_CREAT))
    files = FolderFiles(tmp_path, Limits())
    assert list(files) == ["a.yaml"]
    assert files.skipped == [Skipped("?.yaml", "its name is not UTF-8")]


def test_too_many_files(tmp_path):
    write(tmp_path, *(f"{i}.yaml" for i in range(5)))
    files = FolderFiles(tmp_path, Limits(files=3))
    assert list(files) == ["0.yaml", "1.yaml", "2.yaml"]
    assert files.skipped == [Skipped("3.yaml", "more than 3 files; from here on nothing was read")]


def test_a_file_over_the_limit_is_listed_but_not_read(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 11)
    (tmp_path / "b").write_bytes(b"x" * 10)
    files = FolderFiles(tmp_path, Limits(file_bytes=10))
    assert files["b"] == b"x" * 10
    with pytest.raises(TooLargeError):
        files["a"]


def test_a_single_file(tmp_path):
    write(tmp_path, "a.yaml", "b.yaml")
    assert list(FolderFiles(tmp_path / "a.yaml", Limits())) == ["a.yaml"]


def test_no_such_folder(tmp_path):
    with pytest.raises(NotFound, match=r"There is no folder .*/missing\. Name a folder or file"):
        FolderFiles(tmp_path / "missing", Limits())
