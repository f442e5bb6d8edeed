from __future__ import annotations

import pytest

from flagstone.forge.git.diffs import LineKind
from flagstone.forge.git.texts import LINES_SHOWN, compare


def shown(before, after):
    diff = compare("a.yaml", before, after)
    return [
        (line.kind, line.text, line.old_number, line.new_number, line.ends_file)
        for hunk in diff.hunks
        for line in hunk.lines
    ]


def test_changed_lines_with_their_numbers():
    assert shown(b"a\nb\nc\n", b"a\nx\nc\n") == [
        (LineKind.CONTEXT, "a", 1, 1, False),
        (LineKind.REMOVED, "b", 2, None, False),
        (LineKind.ADDED, "x", None, 2, False),
        (LineKind.CONTEXT, "c", 3, 3, False),
    ]


def test_a_last_line_without_a_line_break_is_marked():
    assert shown(b"a", b"a\n") == [
        (LineKind.REMOVED, "a", 1, None, True),
        (LineKind.ADDED, "a", None, 1, False),
    ]


def test_lines_that_look_like_a_patch_are_content():
    diff = compare("a", b"--- a\n+++ b\n", b"--- a\n+++ c\n@@ -1 +1 @@\n")
    assert (diff.additions, diff.deletions) == (2, 1)


@pytest.mark.parametrize(("before", "after"), [(b"\xff", b"a"), (b"a", b"\xff")])
def test_what_is_no_text_has_no_lines(before, after):
    diff = compare("a", before, after)
    assert (diff.is_binary, diff.hunks) == (True, ())


def test_a_long_difference_is_cut():
    diff = compare("a", b"", b"x\n" * (LINES_SHOWN + 5))
    assert (diff.is_truncated, diff.additions) == (True, LINES_SHOWN + 5)
