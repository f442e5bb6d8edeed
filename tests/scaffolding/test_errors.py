from __future__ import annotations

from flagstone.scaffolding.errors import HookFailed, TemplateError


def test_a_reason_without_end_is_cut():
    error = TemplateError("x" * 20_000_000, file="demo/a", line=3)
    assert error.reason == "x" * 1999 + "…"
    assert str(error) == f"demo/a, line 3: {error.reason}"
    assert error.params["reason"] == error.reason


def test_a_hook_says_no_more_than_that_either():
    assert len(HookFailed("y" * 3000).reason) == 2000


def test_characters_that_no_database_keeps_are_shown_as_a_question_mark():
    error = TemplateError("a\0b \ud800", file="c\0")
    assert (error.reason, error.file) == ("a?b ?", "c?")
