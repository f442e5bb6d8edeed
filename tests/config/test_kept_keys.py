"""A key is made once, whole, for its owner alone; one that cannot be used is told at once."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from flagstone.config.runtime.children import StartError
from flagstone.config.runtime.kept_keys import SEALING_KEY, SECRET_KEY


def test_it_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    assert SECRET_KEY.read(tmp_path) is None

    key = SECRET_KEY.read_or_make(tmp_path)

    assert len(key) == 64
    assert SECRET_KEY.read_or_make(tmp_path) == SECRET_KEY.read(tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def _empty(place: Path) -> None:
    place.write_text("\n")


def _binary(place: Path) -> None:
    place.write_bytes(b"\xff\xfe\x00")


def _circle(place: Path) -> None:
    place.symlink_to(place)


def _nowhere(place: Path) -> None:
    place.symlink_to("none")


def _pipe(place: Path) -> None:
    os.mkfifo(place)


@pytest.mark.parametrize(
    ("lay", "how"),
    [
        (_empty, "is empty"),
        (_binary, "is not text"),
        (Path.mkdir, "is not a file"),
        (_pipe, "is not a file"),
        (_circle, "cannot be read: Too many levels of symbolic links"),
        (_nowhere, "cannot be read: No such file or directory"),
    ],
)
def test_what_is_no_key_is_told_with_the_remedy(
    tmp_path: Path, lay: Callable[[Path], None], how: str
) -> None:
    place = tmp_path / "secret-key"
    lay(place)

    with pytest.raises(StartError) as told:
        SECRET_KEY.read_or_make(tmp_path)

    assert str(told.value) == (
        f"The secret key {place} {how}. Put the key back from a backup, or delete {place}: "
        "`make up` then makes a new one, and everybody has to sign in again."
    )
    assert os.path.lexists(place)


def test_a_file_of_somebody_else_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root reads every file, so the refusal is played."""
    place = tmp_path / "secret-key"
    place.write_text("k" * 64)

    def refuse(path: Path, **_: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", refuse)

    with pytest.raises(
        StartError, match=r"^The secret key .*/secret-key cannot be read: Permission denied\."
    ):
        SECRET_KEY.read(tmp_path)


def test_a_full_disk_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(StartError, match=r"cannot be written to .*: No space left on device\.$"):
        SECRET_KEY.read_or_make(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_key_that_seals_is_another_one_and_fits(tmp_path: Path) -> None:
    key = SEALING_KEY.read_or_make(tmp_path)

    assert Fernet(key).decrypt(Fernet(key).encrypt(b"token")) == b"token"
    assert SECRET_KEY.read_or_make(tmp_path) != key == SEALING_KEY.read(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sealing-key", "secret-key"]


def test_another_sealing_key_costs_the_credentials(tmp_path: Path) -> None:
    (tmp_path / "sealing-key").touch()

    with pytest.raises(
        StartError, match=r"the credentials of code hosts have to be entered again\.$"
    ):
        SEALING_KEY.read_or_make(tmp_path)
