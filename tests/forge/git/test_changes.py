from __future__ import annotations

import pytest

from flagstone.forge.errors import ChangeTooLarge, EmptyChange, InvalidPath
from flagstone.forge.git import changes
from flagstone.forge.git.changes import ChangeSet, FileContent


def test_the_blob_id_is_the_one_that_git_gives() -> None:
    # printf 'hello\n' | git hash-object --stdin
    assert FileContent(b"hello\n").blob_id == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_the_mode_tells_an_executable_file() -> None:
    assert (FileContent(b"").mode, FileContent(b"", executable=True).mode) == ("100644", "100755")


def test_a_change_without_files_is_refused() -> None:
    with pytest.raises(EmptyChange):
        ChangeSet({})


def test_a_change_checks_its_paths() -> None:
    with pytest.raises(InvalidPath):
        ChangeSet({"../x": FileContent(b"")})


def test_a_deletion_needs_a_fit_path_too() -> None:
    with pytest.raises(InvalidPath):
        ChangeSet({".git/config": None})


def test_a_file_at_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    ChangeSet({"a": FileContent(bytes(changes.LARGEST_FILE))})
    with pytest.raises(ChangeTooLarge, match="10485761 bytes; 10485760 are the most for one file"):
        ChangeSet({"a": FileContent(bytes(changes.LARGEST_FILE + 1))})


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_FILES", 2)
    with pytest.raises(ChangeTooLarge, match="touches 3 files; 2 are the most"):
        ChangeSet({name: FileContent(b"") for name in "abc"})


def test_too_much_in_all_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "LARGEST_CHANGE", 5)
    with pytest.raises(ChangeTooLarge, match="holds 6 bytes; 5 are the most"):
        ChangeSet({"a": FileContent(b"abc"), "b": FileContent(b"def")})
