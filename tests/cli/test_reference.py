"""docs/reference/cli.md is made from the command, and fresh."""

from __future__ import annotations

from pathlib import Path

from flagstone.cli.reference import reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run `make docs`"


def test_it_tells_every_command_its_options_and_the_exit_statuses() -> None:
    text = reference()

    for command in ("score", "render", "init-gitops", "audit verify", "forge doctor"):
        assert f"## `flagstone {command}`" in text
    assert "| `--changed-since REV` | Judge everything, but show" in text
    assert "| 2 | wrong usage, or something that a person can mend" in text
