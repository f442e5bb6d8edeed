from __future__ import annotations

from flagstone.forge.git.diffs import FileDiff, FileStatus, Hunk, Line, LineKind, parse_diff

Z = "0" * 40
HEADER = "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n"


def parse(raw: str, counts: str, patch: str = "", *, lines_per_file: int = 1000) -> list[FileDiff]:
    output = raw + counts + ("\0" + patch if patch else "")
    return parse_diff(output.encode(), lines_per_file=lines_per_file)


def kept(text: str, old: int, new: int, **more: bool) -> Line:
    return Line(LineKind.CONTEXT, text, old, new, **more)


def added(text: str, new: int, **more: bool) -> Line:
    return Line(LineKind.ADDED, text, None, new, **more)


def removed(text: str, old: int, **more: bool) -> Line:
    return Line(LineKind.REMOVED, text, old, None, **more)


def test_no_difference_is_no_file() -> None:
    assert parse_diff(b"", lines_per_file=10) == []


def test_a_changed_file_has_numbered_lines() -> None:
    [file] = parse(
        f":100644 100644 {Z} {Z} M\0x\0",
        "2\t1\tx\0",
        HEADER
        + "@@ -3,3 +3,4 @@ def f():\n a\n-b\n+B\n+B2\n c\n"
        + "@@ -20 +21 @@\n-y\n\\ No newline at end of file\n+y\n",
    )
    assert file == FileDiff(
        path="x",
        old_path="x",
        status=FileStatus.MODIFIED,
        old_mode="100644",
        new_mode="100644",
        additions=2,
        deletions=1,
        hunks=(
            Hunk(
                3,
                3,
                "def f():",
                (
                    kept("a", 3, 3),
                    removed("b", 4),
                    added("B", 4),
                    added("B2", 5),
                    kept("c", 5, 6),
                ),
            ),
            Hunk(20, 21, "", (removed("y", 20, ends_file=True), added("y", 21))),
        ),
    )


def test_content_that_looks_like_a_patch_is_content() -> None:
    [file, other] = parse(
        f":100644 100644 {Z} {Z} M\0x\0:000000 100644 {Z} {Z} A\0y\0",
        "2\t0\tx\0" + "1\t0\ty\0",
        HEADER
        + "@@ -0,0 +1,2 @@\n+diff --git a/y b/y\n+@@ -1 +1 @@\n"
        + "diff --git a/y b/y\nnew file mode 100644\n@@ -0,0 +1 @@\n+\n",
    )
    assert [line.text for line in file.hunks[0].lines] == ["diff --git a/y b/y", "@@ -1 +1 @@"]
    assert other.hunks == (Hunk(0, 1, "", (added("", 1),)),)


def test_a_renamed_file_keeps_both_paths() -> None:
    [file] = parse(f':100644 100644 {Z} {Z} R097\0old "a"\0new\tb\0', '0\t2\t\0old "a"\0new\tb\0')
    assert (file.old_path, file.path, file.status) == ('old "a"', "new\tb", FileStatus.RENAMED)
    assert (file.additions, file.deletions) == (0, 2)


def test_a_type_change_takes_both_its_sections() -> None:
    files = parse(
        f":120000 100644 {Z} {Z} T\0x\0:000000 100644 {Z} {Z} A\0y\0",
        "1\t1\tx\0" + "1\t0\ty\0",
        "diff --git a/x b/x\ndeleted file mode 120000\n@@ -1 +0,0 @@\n-target\n"
        "diff --git a/x b/x\nnew file mode 100644\n@@ -0,0 +1 @@\n+text\n"
        "diff --git a/y b/y\nnew file mode 100644\n@@ -0,0 +1 @@\n+y\n",
    )
    assert [hunk.lines[0].text for hunk in files[0].hunks] == ["target", "text"]
    assert files[1].hunks[0].lines == (added("y", 1),)


def test_a_binary_file_has_no_lines() -> None:
    [file] = parse(
        f":100644 100644 {Z} {Z} M\0x\0",
        "-\t-\tx\0",
        "diff --git a/x b/x\nBinary files a/x and b/x differ\n",
    )
    assert (file.is_binary, file.hunks, file.is_truncated) == (True, (), False)


def test_a_changed_mode_is_told() -> None:
    [file] = parse(
        f":100644 100755 {Z} {Z} M\0x\0",
        "0\t0\tx\0",
        "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n",
    )
    assert file.mode_changed


def test_a_long_file_is_cut_and_says_so() -> None:
    [file] = parse(
        f":000000 100644 {Z} {Z} A\0x\0",
        "3\t0\tx\0",
        "diff --git a/x b/x\n@@ -0,0 +1,3 @@\n+1\n+2\n+3\n",
        lines_per_file=4,
    )
    assert file.is_truncated
    assert [line.text for line in file.hunks[0].lines] == ["1", "2"]
    assert file.additions == 3


def test_without_a_patch_the_lines_are_missing_and_it_says_so() -> None:
    [file] = parse(f":000000 100644 {Z} {Z} A\0x\0", "3\t0\tx\0")
    assert (file.is_truncated, file.additions, file.hunks) == (True, 3, ())


def test_an_empty_new_file_is_whole() -> None:
    [file] = parse(
        f":000000 100644 {Z} {Z} A\0x\0", "0\t0\tx\0", "diff --git a/x b/x\nnew file mode 100644\n"
    )
    assert not file.is_truncated


def test_lines_stand_side_by_side() -> None:
    hunk = Hunk(
        1,
        1,
        "",
        (
            kept("a", 1, 1),
            removed("b", 2),
            removed("c", 3),
            added("B", 2),
            kept("d", 4, 3),
            added("e", 4),
            removed("f", 5),
            removed("g", 6),
            added("G", 5),
        ),
    )
    shown = [(left and left.text, right and right.text) for left, right in hunk.pairs]
    assert shown == [
        ("a", "a"),
        ("b", "B"),
        ("c", None),
        ("d", "d"),
        (None, "e"),
        ("f", "G"),
        ("g", None),
    ]
