from __future__ import annotations

import dataclasses

from django.template import Context, Template

from flagstone.forge.git.diffs import FileDiff, FileStatus, Hunk, Line, LineKind
from flagstone.web.templatetags.diffs import LONGEST_LINE, rows_of

A, R, C = LineKind.ADDED, LineKind.REMOVED, LineKind.CONTEXT


def file_diff(*hunks: Hunk, path: str = "values.yaml", **fields: object) -> FileDiff:
    plain = FileDiff(path, path, FileStatus.MODIFIED, "100644", "100644", 1, 1, hunks=hunks)
    return dataclasses.replace(plain, **fields)  # type: ignore[arg-type]


def hunk(*lines: tuple[LineKind, str], old: int = 1, new: int = 1) -> Hunk:
    numbered = []
    for kind, text in lines:
        numbered.append(
            Line(kind, text, old if kind is not A else None, new if kind is not R else None)
        )
        old, new = old + (kind is not A), new + (kind is not R)
    return Hunk(numbered[0].old_number or 0, numbered[0].new_number or 0, "", tuple(numbered))


def test_each_line_has_its_sign_and_its_two_numbers() -> None:
    rows = list(rows_of(file_diff(hunk((C, "a: 1"), (R, "b: 2"), (A, "b: 3"), (C, "c: 4")))))
    assert [(row.kind, row.sign, row.old_number, row.new_number) for row in rows] == [
        ("context", " ", 1, 1),
        ("removed", "\N{MINUS SIGN}", 2, None),
        ("added", "+", None, 2),
        ("context", " ", 3, 3),
    ]


def test_lines_that_are_far_apart_are_parted_by_a_row() -> None:
    rows = list(rows_of(file_diff(hunk((A, "a: 1")), hunk((A, "z: 1"), old=90, new=91))))
    assert [row.kind for row in rows] == ["added", "hunk", "added"]


def test_both_sides_are_highlighted_as_a_whole() -> None:
    changed = hunk((A, "'''one"), (R, "x = 1"), (A, "two'''"))
    rows = list(rows_of(file_diff(changed, path="a.py")))
    assert 'class="s' in rows[0].html
    assert 'class="s' in rows[2].html
    assert "two" in rows[2].html
    assert 'class="mi"' in rows[1].html


def test_empty_lines_stay_where_they_are() -> None:
    rows = list(rows_of(file_diff(hunk((A, ""), (A, "a: 1"), (A, ""), (A, "")))))
    assert [bool(row.html) for row in rows] == [False, True, False, False]


def test_a_character_that_ends_lines_elsewhere_shifts_nothing() -> None:
    rows = list(rows_of(file_diff(hunk((A, "a: \x0c\u2028\r1"), (A, "b: 2")), path="x.unknown")))
    assert [str(row.html) for row in rows] == [
        "a: ⟨U+000C⟩⟨U+2028⟩⟨U+000D⟩1",
        "b: 2",
    ]


def test_the_names_of_a_diff_are_written_out() -> None:
    file = file_diff(hunk((A, "a")), path="pay\u202elmay.yaml")
    assert "pay⟨U+202E⟩lmay.yaml: 1 lines added" in render(file)
    assert "\u202e" not in render(file)


def test_code_is_text_and_a_line_without_end_is_cut() -> None:
    rows = list(rows_of(file_diff(hunk((A, "<script>"), (A, "a" * 9_000)), path="x.unknown")))
    assert rows[0].html == "&lt;script&gt;"
    assert len(rows[1].html) == LONGEST_LINE + 2


def render(file: FileDiff) -> str:
    return Template("{% load diffs %}{% diff file %}").render(Context({"file": file}))


def test_what_has_no_lines_says_why() -> None:
    assert "A binary file" in render(file_diff(is_binary=True))
    assert "An empty file" in render(file_diff(status=FileStatus.ADDED))
    assert "from 100644 to 100755" in render(file_diff(new_mode="100755"))
    assert "its content is the same" in render(file_diff(status=FileStatus.RENAMED))
    assert "this file changes 12 lines" in render(
        file_diff(is_truncated=True, additions=7, deletions=5)
    )
