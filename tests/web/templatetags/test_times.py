from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from flagstone.web.templatetags.times import ago, lasted, relative, span

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("back", "words"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=40), "40 s ago"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=2, minutes=59), "2 h ago"),
        (timedelta(days=3), "3 d ago"),
        (timedelta(weeks=3), "3 wk ago"),
        (timedelta(days=90), "25 Aug 2026"),
        (timedelta(days=-3), "in 3 d"),
    ],
)
def test_a_moment_is_told_by_its_distance(back: timedelta, words: str) -> None:
    assert relative(NOW - back, NOW) == words


@time_machine.travel(NOW, tick=False)
def test_the_exact_time_is_on_hover() -> None:
    assert ago(NOW - timedelta(hours=2)) == (
        '<time datetime="2026-11-23T10:00:00+00:00" title="Mon 23 Nov 2026, 10:00:00 UTC">2 h ago</time>'
    )


def test_what_never_happened_says_so() -> None:
    assert ago(None) == "never"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=1.42), "1.4 s"),
        (timedelta(seconds=48.2), "48 s"),
        (timedelta(minutes=3, seconds=5), "3 min 05 s"),
        (timedelta(hours=2, minutes=10), "2 h 10 min"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (timedelta(seconds=-2), "0.0 s"),
    ],
)
def test_a_length_of_time_has_two_units(length: timedelta, words: str) -> None:
    assert span(length) == words


@time_machine.travel(NOW, tick=False)
def test_what_still_runs_has_lasted_until_now() -> None:
    assert lasted(NOW - timedelta(seconds=4)) == "4.0 s"
    assert lasted(None) == ""
