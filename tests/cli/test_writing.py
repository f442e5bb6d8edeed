"""A report in a file: whole, or as it was."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flagstone.cli.writing import write_pieces, write_text
from flagstone.core.errors import UserError


def test_a_new_file_has_the_rights_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text("a\u00e9\n", tmp_path / "report.txt")
    finally:
        os.umask(before)

    assert (tmp_path / "report.txt").read_bytes() == b"a\xc3\xa9\n"
    assert (tmp_path / "report.txt").stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [tmp_path / "report.txt"]


def test_an_old_one_keeps_its_rights_and_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    (tmp_path / "old").chmod(0o604)
    (tmp_path / "link").symlink_to("old")

    write_text("new", tmp_path / "link")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "old").read_text() == "new"
    assert (tmp_path / "old").stat().st_mode & 0o777 == 0o604


def test_what_breaks_while_writing_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UserError) as error:
        write_text("new", tmp_path / "old")

    assert error.value.message == f"{tmp_path}/old cannot be written: No space left on device"
    assert (tmp_path / "old").read_text() == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "old"]


def test_what_breaks_between_two_pieces_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")

    def breaks() -> Iterator[str]:
        yield "new"
        raise KeyError

    with pytest.raises(KeyError):
        write_pieces(breaks(), tmp_path / "old")

    assert (tmp_path / "old").read_text() == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "old"]


def test_what_is_no_file_is_written_to_as_it_is() -> None:
    write_text("gone", Path(os.devnull))

    assert not Path(os.devnull).is_file()


def test_a_folder_and_a_circle_of_links_are_told(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    for path in (tmp_path, tmp_path / "a"):
        with pytest.raises(UserError, match="cannot be written"):
            write_text("x", path)


def test_half_a_character_is_written_out(tmp_path: Path) -> None:
    write_text("a\udc80", tmp_path / "report.txt")

    assert (tmp_path / "report.txt").read_text() == "a\\udc80"
