"""docs/reference/template-yaml.md is made from the code, and fresh."""

from __future__ import annotations

from pathlib import Path

from flagstone.scaffolding.engine.reference import reference
from flagstone.scaffolding.engine.step_actions import ACTIONS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "template-yaml.md"


def test_the_page_is_the_one_that_the_code_makes():
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: make docs"


def test_every_action_is_on_it():
    assert all(f"`{name}`" in reference() for name in ACTIONS)
