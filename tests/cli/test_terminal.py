"""Width and colour, as a person's environment asks for them."""

from __future__ import annotations

from io import StringIO

import pytest

from flagstone.cli.terminal import wants_colour, width_of


class Screen(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(
    ("environment", "on_screen", "in_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colour(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    on_screen: bool,
    in_pipe: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert (wants_colour(Screen()), wants_colour(StringIO())) == (on_screen, in_pipe)


@pytest.mark.parametrize(
    ("columns", "width"),
    [("80", 80), ("20", 60), ("140", 120), ("", 100), ("-5", 100), ("many", 100), ("9" * 9, 100)],
)
def test_width(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    assert width_of(StringIO()) == width
