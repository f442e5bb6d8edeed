"""All workers together keep to what a code host asks of one credential; nobody sleeps. Real Redis."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
import redis

from flagstone.forge import pacing
from flagstone.forge.errors import RateLimited, TransportError
from flagstone.forge.models import HostKind
from flagstone.forge.pacing import SharedPace, WriteLimits, pace_of


@pytest.fixture
def key() -> str:
    return f"test-{uuid4()}"


def refused(pace: SharedPace, *, is_write: bool = True) -> float:
    with pytest.raises(RateLimited) as caught:
        pace.before(is_write=is_write)
    assert caught.value.retry_after is not None
    return caught.value.retry_after


def test_writes_are_a_second_apart_and_reads_are_not_held(key: str) -> None:
    pace, another = (pace_of(HostKind.GITHUB, key, is_background=False) for _ in range(2))
    pace.before(is_write=True)
    assert 0.5 < refused(another) <= 1.0
    for _ in range(5):
        another.before(is_write=False)


def test_each_who_is_turned_away_is_told_a_later_turn(key: str) -> None:
    pace = SharedPace(key, WriteLimits(gap=1.0, per_minute=80, per_hour=500))
    pace.before(is_write=True)
    first, second, third = (refused(pace) for _ in range(3))
    assert (second - first, third - second) == (
        pytest.approx(1.0, abs=0.2), pytest.approx(1.0, abs=0.2),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "wait"),
    [(WriteLimits(0.0, per_minute=3, per_hour=500), 60), (WriteLimits(0.0, 80, per_hour=3), 3600)],
)
def test_so_many_a_minute_and_an_hour(key: str, limits: WriteLimits, wait: float) -> None:
    pace = SharedPace(key, limits)
    for _ in range(3):
        pace.before(is_write=True)
    assert refused(pace) == pytest.approx(wait, abs=30)


def test_a_code_host_of_ones_own_has_no_limits(key: str) -> None:
    pace = pace_of(HostKind.GITEA, key, is_background=False)
    for _ in range(100):
        pace.before(is_write=True)


def test_a_pause_holds_everybody_with_the_credential_and_a_shorter_one_does_not_end_it(
    key: str,
) -> None:
    pace, another = (pace_of(HostKind.GITLAB, key, is_background=False) for _ in range(2))
    pace.pause(60)
    another.pause(1)
    assert refused(another, is_write=False) == pytest.approx(60, abs=30)
    pace_of(HostKind.GITLAB, f"{key}-other", is_background=False).before(is_write=True)


def test_a_pause_ends(key: str) -> None:
    pace = pace_of(HostKind.GITEA, key, is_background=False)
    pace.pause(0.05)
    time.sleep(0.1)
    pace.before(is_write=True)


def test_work_that_can_wait_leaves_a_part_of_the_requests_to_people(key: str) -> None:
    people, backfill = (pace_of(HostKind.GITHUB, key, is_background=each) for each in (False, True))
    reset = int(time.time()) + 600
    left = {"x-ratelimit-limit": "5000", "x-ratelimit-reset": str(reset)}
    people.heard({**left, "x-ratelimit-remaining": "1250"})
    backfill.before(is_write=False)
    people.heard({**left, "x-ratelimit-remaining": "1249"})
    assert refused(backfill, is_write=False) == pytest.approx(600, abs=30)
    people.before(is_write=False)


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-ratelimit-limit": "many", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"},
     {"ratelimit-limit": "10", "ratelimit-remaining": "0", "ratelimit-reset": "5"}],
)  # fmt: skip
def test_headers_that_tell_nothing_hold_nobody(key: str, headers: dict[str, str]) -> None:
    pace = pace_of(HostKind.GITLAB, key, is_background=True)
    pace.heard(headers)
    pace.before(is_write=False)


@pytest.mark.parametrize("odd", ["²", "9" * 5000, "9" * 30, "-1", ""])
@pytest.mark.parametrize("name", ["limit", "remaining", "reset"])
def test_odd_headers_are_no_error_after_the_answer(key: str, name: str, odd: str) -> None:
    pace = pace_of(HostKind.GITHUB, key, is_background=False)
    told = {"limit": "5000", "remaining": "1", "reset": str(int(time.time()) + 600), name: odd}
    pace.heard({f"x-ratelimit-{each}": value for each, value in told.items()})
    pace.before(is_write=False)


def test_work_that_can_wait_is_held_for_an_hour_at_most(key: str) -> None:
    backfill = pace_of(HostKind.GITHUB, key, is_background=True)
    backfill.heard(
        {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "1",
            "x-ratelimit-reset": "9" * 5000,
        }
    )
    assert refused(backfill, is_write=False) == pytest.approx(3600, abs=30)


def test_without_redis_nothing_is_sent_and_an_answer_that_is_there_still_counts(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = redis.Redis.from_url("redis://127.0.0.1:1/0")
    monkeypatch.setattr(pacing, "_client", lambda: gone)
    monkeypatch.setattr(pacing, "_ask", lambda: gone.register_script("return 0"))
    monkeypatch.setattr(pacing, "_pause", lambda: gone.register_script("return 0"))
    pace = pace_of(HostKind.GITHUB, key, is_background=False)
    with pytest.raises(TransportError, match=r"Redis cannot be reached.*nothing was sent"):
        pace.before(is_write=True)
    pace.pause(60)
    pace.heard(
        {"x-ratelimit-limit": "9", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"}
    )
