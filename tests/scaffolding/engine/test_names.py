from __future__ import annotations

import pytest

from flagstone.scaffolding.engine.names import (
    NAME_RULE,
    control_fault,
    name_fault,
    path_fault,
    written_path_fault,
)


@pytest.mark.parametrize("name", ["api", "checkout", "funds-transfer", "a1-b2-c3", "a" * 63])
def test_a_good_name(name):
    assert name_fault(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "ab",
        "a" * 64,
        "Checkout",
        "1checkout",
        "-checkout",
        "checkout-",
        "check--out",
        "check_out",
        "check.out",
        "check out",
        "checkout\n",
        "checkout\r",
        "\ncheckout",
        "../checkout",
        "a/b/c",
        "caf\u00e9",
        "\u0441heckout",  # the first letter is Cyrillic
        "check\u200bout",
        "check\x00out",
        "{{ 7*7 }}",
        "{{cookiecutter.name}}",
        "$(id)",
        "a;b;c",
    ],
)
def test_a_bad_name(name):
    assert name_fault(name) == NAME_RULE


@pytest.mark.parametrize(
    "path",
    [
        "checkout/README.md",
        "src/com/example/App.java",
        ".github/workflows/ci.yaml",
        "a b (1).txt",
        "services/",
        "pages/[id].tsx",
        "caf\u00e9/\u65e5\u672c.txt",
        "a..b.txt",
        "pages/[...slug].tsx",
        "a#b%c:d",
        "-dash/ space ",
    ],
)
def test_a_path_that_may_be_written(path):
    assert path_fault(path) is None


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("../escape", "has the part '..'"),
        ("a/../../b", "has the part '..'"),
        ("/etc/passwd", "is absolute"),
        ("{{ 7*7 }}", "holds template marks, which would be rendered a second time"),
        ("a/{% raw %}", "holds template marks, which would be rendered a second time"),
        ("a{#b", "holds template marks, which would be rendered a second time"),
        (".git/hooks/pre-commit", "has the part '.git'"),
        ("a/.GIT/config", "has the part '.GIT'"),
        ("a\nb", "must be one line"),
        ("a\x1bb", "contains a control character"),
        ("a\\b", "has a part that no file name may be"),
        ("a" * 201, "has a part that no file name may be"),
    ],
)
def test_a_path_that_may_not(path, fault):
    assert path_fault(path) == fault


def test_marks_of_another_language_are_refused_too():
    assert path_fault("<<x>>", marks=("<<", ">>")) == (
        "holds template marks, which would be rendered a second time"
    )


@pytest.mark.parametrize(
    "path", [".gitignore", ".github/x", "a/gitea/b", "a~1/ b", ".git.d/x", "\u00e4", "{{ a }}", "-"]
)
def test_a_file_that_was_written_may_be_kept_under_many_names(path):
    assert written_path_fault(path) is None


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("", "has an empty part"),
        ("a//b", "has an empty part"),
        ("/a", "has an empty part"),
        ("a/", "has an empty part"),
        ("./a", "has the part '.'"),
        ("a/../b", "has the part '..'"),
        (".git/config", "has the part '.git'"),
        ("a/.GIT/config", "has the part '.GIT'"),
        ("a/.git", "has the part '.git'"),
        (".git./config", "has the part '.git.'"),
        (".git::$INDEX_ALLOCATION/config", "has the part '.git::$INDEX_ALLOCATION'"),
        ("GIT~1/config", "has the part 'GIT~1'"),
        (".g\u200cit/config", "has the part '.g\u200cit'"),
        ("a\\b", "has a part that no file name may be"),
        ("a" * 201, "has a part that no file name may be"),
        ("a\nb", "must be one line"),
        ("a/" * 500 + "a", "has more than 1000 characters"),
    ],
)
def test_a_name_that_no_file_may_be_kept_under(path, fault):
    assert written_path_fault(path) == fault


@pytest.mark.parametrize(
    ("text", "multiline", "fault"),
    [
        ("plain {{ text }} äöü 漢字 🎉", False, None),
        ("two\nlines\tand a tab", True, None),
        ("two\nlines", False, "must be one line"),
        ("two\rlines", False, "must be one line"),
        ("two\u2028lines", False, "must be one line"),
        ("two\rlines", True, "contains a control character"),
        ("nul\x00", False, "contains a control character"),
        ("escape\x1b[31m", True, "contains a control character"),
        ("half \ud800", False, "contains half of a character (a lone surrogate)"),
    ],
)
def test_characters_that_nobody_types(text, multiline, fault):
    assert control_fault(text, multiline=multiline) == fault
