"""Titles that make drafts, and lines that GitLab would obey."""

from __future__ import annotations

import pytest

from flagstone.forge.hosts.gitlab.texts import (
    host_title,
    is_draft_title,
    plain_title,
    without_commands,
)


@pytest.mark.parametrize(
    ("title", "plain", "is_draft"),
    [
        ("Add a", "Add a", False),
        ("Draft: Add a", "Add a", True),
        ("draft:Add a", "Add a", True),
        ("[Draft] Add a", "Add a", True),
        ("(draft) Add a", "Add a", True),
        ("WIP: Add a", "Add a", True),
        ("Draft: Draft: WIP: Add a", "Add a", True),
        ("Drafting rules", "Drafting rules", False),
        ("Add Draft: b", "Add Draft: b", False),
    ],
)
def test_a_title_says_whether_it_is_a_draft_and_is_shown_without_that(title, plain, is_draft):
    assert (plain_title(title), is_draft_title(title)) == (plain, is_draft)


@pytest.mark.parametrize(
    ("title", "is_draft", "expected"),
    [
        ("Add a", True, "Draft: Add a"),
        ("Draft: Add a", True, "Draft: Add a"),
        ("Draft: Add a", False, "Add a"),
        ("Add\n  a", False, "Add a"),
        ("  ", False, "Change files"),
        ("Draft:", True, "Draft: Change files"),
        ("x" * 255, False, "x" * 255),
        ("x" * 256, False, "x" * 254 + "…"),
        ("x" * 255, True, "Draft: " + "x" * 247 + "…"),
    ],
)
def test_a_title_goes_out_on_one_line_cut_and_a_draft_as_it_is_meant(title, is_draft, expected):
    assert host_title(title, is_draft=is_draft) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/merge", "\\/merge"),
        ("Hello\n/close\n/label ~a", "Hello\n\\/close\n\\/label ~a"),
        ("  /approve", "  \\/approve"),
        ("\t/merge\r\n", "\t\\/merge\r\n"),
        ("/etc/passwd and /usr/bin", "/etc/passwd and /usr/bin"),
        ("see a/merge", "see a/merge"),
        ("> /merge", "> /merge"),
        ("```\n/merge\n```", "```\n\\/merge\n```"),
    ],
)
def test_row_40_no_line_of_a_text_is_a_command(text, expected):
    assert without_commands(text) == expected
