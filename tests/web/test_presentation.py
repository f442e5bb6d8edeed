from __future__ import annotations

import pytest

from flagstone.web.presentation import look_of, metal_of, tone_of_score


@pytest.mark.parametrize(
    ("state", "tone", "word"),
    [
        ("pass", "pass", "pass"),
        ("no_data", "none", "no data"),
        ("error", "fail", "check broke"),
        ("running", "accent", "running"),
        ("merged", "accent", "merged"),
        ("slow", "warn", "slow down"),
        ("stop", "fail", "stop"),
    ],
)
def test_a_state_has_a_tone_and_a_word(state: str, tone: str, word: str) -> None:
    assert (look_of(state).tone, look_of(state).word) == (tone, word)


def test_an_unknown_state_is_shown_by_its_own_word() -> None:
    assert look_of("half_done").word == "half done"


@pytest.mark.parametrize(
    ("level", "metal"),
    [("Gold", "gold"), ("silver", "silver"), ("", "none"), (None, "none"), ("x", "none")],
)
def test_the_metal_of_a_level(level: str | None, metal: str) -> None:
    assert metal_of(level) == metal


@pytest.mark.parametrize(
    ("score", "tone"), [(None, "none"), (0, "fail"), (69.9, "fail"), (70, "warn"), (90, "pass")]
)
def test_the_tone_of_a_score(score: float | None, tone: str) -> None:
    assert tone_of_score(score) == tone
