from __future__ import annotations

import time

import pytest

from flagstone.scaffolding.engine.patterns import PatternTooSlow, PatternWrong, found_in


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("^[a-z]+$", "abc", True),
        ("^[a-z]+$", "abc\n", False),
        ("b", "abc", True),
        ("^a|c$", "xc", True),
        (r"^\d+$", "42", True),
        (r"^\d+$", "٤٢", False),
        (r"^\w+$", "é", False),
        (r"^[\w.-]+$", "a-b.c", True),
        (r"^[^\d]$", "1", False),
        (r"^\D\W$", "a-", True),
        (r"^\u00e9$", "é", True),
        (r"^\u{1F600}$", "😀", True),
        (r"^\p{L}+$", "Zoë", True),
        (r"^(?<year>\d{4})-\k<year>$", "2026-2026", True),
        (r"^(?!-)[a-z-]{1,5}(?<!-)$", "a-b", True),
        (r"^https:\/\/[^/]+$", "https://a", True),
        ("^[$]{2}$", "$$", True),
        ("^a{e<=1}$", "b", False),
        ("^{a}$", "{a}", True),
        ("^[[:alpha:]]+$", "a", False),
        ("^[]a]$", "]", True),
        ("^\\$$", "$", True),
    ],
)
def test_a_pattern_means_what_it_means_in_javascript(pattern, text, fits):
    assert found_in(text, pattern) is fits


@pytest.mark.parametrize("pattern", ["^(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_one_that_would_never_end_ends(pattern):
    begun = time.monotonic()
    with pytest.raises(PatternTooSlow, match="could not be checked in time: its pattern "):
        found_in("a" * 500 + "!", pattern)
    assert time.monotonic() - begun < 45


@pytest.mark.parametrize(
    "pattern", ["(((", "[", "*", "a{9999999999999999999}", "(" * 900, "a" * 1001]
)
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(PatternWrong):
        found_in("a", pattern)
