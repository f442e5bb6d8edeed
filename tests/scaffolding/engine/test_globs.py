from __future__ import annotations

import pytest

from flagstone.scaffolding.engine.globs import matches


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("a.txt", "a.txt", True),
        ("a.txt", "b/a.txt", False),
        ("*.txt", "a.txt", True),
        ("*.txt", "b/a.txt", False),
        ("**/*.txt", "a.txt", True),
        ("**/*.txt", "b/c/a.txt", True),
        ("docs", "docs/deep/a", True),
        ("docs/", "docs/a", True),
        ("./docs", "docs/a", True),
        ("docs/**", "docs/x/y", True),
        ("docs", "docsy/a", False),
        ("?.md", "a.md", True),
        ("?.md", "ab.md", False),
        ("{a,b}/*.md", "b/x.md", True),
        ("{a,b}/*.md", "c/x.md", False),
        (".github/**", ".github/workflows/ci.yml", True),
        ("**", "anything/at/all", True),
        ("a+(b)", "a+(b)", True),
        ("[ab]", "a", False),
    ],
)
def test_a_pattern(pattern, path, fits):
    assert matches(path, [pattern]) is fits


def test_any_of_several():
    assert matches("b", ["a", "b"])
    assert not matches("c", ["a", "b"])
    assert not matches("c", [])
