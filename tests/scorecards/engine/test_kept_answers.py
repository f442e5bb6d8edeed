"""What is kept of promtool's answers: by content, in a folder that several processes share, and bounded."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from flagstone.scorecards.engine.alert_scenarios import kept_answers

DAY = 86_400


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cache, as a process finds it that has just begun."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept_answers, "_writes", itertools.count())
    monkeypatch.setattr(kept_answers, "_MOST_FILES", 3)
    kept_answers._here.clear()
    place = tmp_path / "flagstone" / "promtool"
    place.mkdir(parents=True)
    return place


def key(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def put(folder: Path, word: str, *, days: float, suffix: str = "txt") -> Path:
    path = folder / f"{key(word)}.{suffix}"
    path.write_text(word)
    os.utime(path, (time.time() - days * DAY,) * 2)
    return path


def words(folder: Path) -> set[str]:
    return {path.read_text() for path in folder.iterdir()}


def test_what_was_kept_is_found_by_another_process(folder: Path) -> None:
    kept_answers.keep(key("a"), "a")
    kept_answers._here.clear()

    assert kept_answers.find(key("a")) == "a"
    assert kept_answers.find(key("b")) is None


def test_an_empty_answer_is_one(folder: Path) -> None:
    kept_answers.keep(key("a"), "")

    assert kept_answers.find(key("a")) == ""


def test_the_first_write_throws_away_what_nobody_asked_for_in_a_month(folder: Path) -> None:
    put(folder, "old", days=31)
    put(folder, "young", days=29)

    kept_answers.keep(key("new"), "new")

    assert words(folder) == {"young", "new"}


def test_the_oldest_go_where_there_are_too_many(folder: Path) -> None:
    for number in range(5):
        put(folder, f"{number}", days=number + 1)

    kept_answers.keep(key("new"), "new")

    assert words(folder) == {"new", "0", "1"}


def test_many_writes_of_one_process_stay_bounded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_answers, "_WRITES_BETWEEN_TWO_LOOKS", 4)

    for number in range(41):
        kept_answers.keep(key(f"{number}"), f"{number}")

    assert len(words(folder)) == 3


def test_what_is_asked_for_stays_young(folder: Path) -> None:
    put(folder, "old", days=29)
    assert kept_answers.find(key("old")) == "old"
    for number in range(3):
        put(folder, f"{number}", days=number + 2)

    kept_answers.keep(key("new"), "new")

    assert words(folder) == {"new", "old", "0"}


def test_drafts_of_dead_processes_go_and_those_of_others_stay(folder: Path) -> None:
    put(folder, "dead", days=1, suffix="123-456")
    put(folder, "at work", days=0, suffix="124-456")
    (folder / "README").write_text("somebody's own")
    os.utime(folder / "README", (0, 0))

    kept_answers.keep(key("new"), "new")

    assert words(folder) == {"at work", "somebody's own", "new"}


def test_what_another_process_deleted_first_is_no_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "old", days=31)
    plain = Path.unlink

    def twice(path: Path) -> None:
        plain(path)
        plain(path)

    monkeypatch.setattr(Path, "unlink", twice)
    kept_answers.keep(key("new"), "new")

    assert words(folder) == {"new"}


def _keep_many(first: int) -> list[str | None]:
    kept_answers._MOST_FILES, kept_answers._WRITES_BETWEEN_TWO_LOOKS = 3, 1
    found = []
    for number in range(first, first + 50):
        kept_answers.keep(key(f"{number}"), f"{number}")
        found.append(kept_answers.find(key(f"{number}")))
    return found


def test_several_processes_write_and_throw_away_at_once(folder: Path) -> None:
    with ProcessPoolExecutor(3) as pool:
        found = list(pool.map(_keep_many, (0, 50, 100)))

    assert found == [[f"{first + n}" for n in range(50)] for first in (0, 50, 100)]
    assert len(words(folder)) <= 3 + 2  # what others wrote while the last one looked


def test_this_process_keeps_only_so_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "_MOST_HERE", 2)
    for word in "abc":
        kept_answers.keep(key(word), word)

    assert list(kept_answers._here) == [key("b"), key("c")]
