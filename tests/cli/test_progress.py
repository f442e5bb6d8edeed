"""Progress: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import io
from contextlib import suppress

import pytest

from flagstone.cli.progress import Progress, duration, telling


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_log_gets_a_line_each_half_minute_and_the_last_one() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress("acme/gitops", 20_000, clock=clock, stream=stream)
    for done, at in ((1, 1.0), (120, 30.0), (121, 31.0), (20_000, 40.0)):
        clock.now = at
        progress.show(done)
    progress.end()
    assert stream.getvalue() == (
        "acme/gitops: 120 of 20,000, 4.0 a second, about 1 h 23 min to go\n"
        "acme/gitops: 20,000 of 20,000\n"
    )


def test_a_terminal_gets_a_bar_in_one_line() -> None:
    clock, stream = Clock(), Terminal()
    progress = Progress("x", 4, clock=clock, stream=stream)
    clock.now = 1.0
    progress.show(1)
    clock.now = 1.1
    progress.show(2)
    clock.now = 6.0
    progress.show(3)
    clock.now = 8.0
    progress.show(4)
    progress.end()
    bars = ("######..................", "##################......", "#" * 24)
    first, second, third = stream.getvalue().removesuffix("\n").split("\r")[1:]
    assert first == f"x [{bars[0]}] 1 of 4"
    assert second == f"x [{bars[1]}] 3 of 4, 0.5 a second, less than a minute to go"
    assert third == f"x [{bars[2]}] 4 of 4".ljust(len(second))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (29, "less than a minute"),
        (90, "about 2 min"),
        (3540, "about 59 min"),
        (3600, "about 1 h 0 min"),
        (76_500, "about 21 h 15 min"),
    ],
)
def test_times_are_as_exact_as_a_guess_can_be(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_what_is_done_is_told_on_a_terminal_and_wiped_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    stream = Terminal()

    with suppress(KeyError), telling("reading a\x1b[2Jb", stream) as now:
        now("judging 12,345 documents in all")
        raise KeyError

    wipe = "\r\x1b[K"
    assert stream.getvalue() == (
        f"{wipe}flagstone: reading a⟨U+001B⟩[{wipe}flagstone: judging 12,345 doc{wipe}"
    )


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_nothing_is_told_where_it_would_stay(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    monkeypatch.setenv("TERM", term)
    stream = Terminal() if term == "dumb" else io.StringIO()

    with telling("reading", stream) as now:
        now("judging")

    assert stream.getvalue() == ""
