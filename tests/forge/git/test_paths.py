from __future__ import annotations

import pytest

from flagstone.forge.errors import InvalidPath
from flagstone.forge.git.paths import check_path, check_paths


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "services/checkout/rollout.yaml",
        "a b/c (1)/d'e\"f.txt",
        ".gitignore",
        ".gitattributes",
        ".github/CODEOWNERS",
        "ünïcode/日本語.txt",
        "..a/b..",
        "...",
        "git/config",
        "dot.git/x",
        "x~1",
        "a" * 255,
        "-rf",
        "{{ cookiecutter.x }}",
    ],
)
def test_a_plain_path_is_allowed(path: str) -> None:
    check_path(path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "it is empty"),
        ("/etc/passwd", "it is absolute"),
        ("C:/windows", "it is absolute"),
        ("c:evil", "it is absolute"),
        ("../evil", "it has the part '..'"),
        ("a/../../evil", "it has the part '..'"),
        ("a/..", "it has the part '..'"),
        ("./a", "it has the part '.'"),
        ("a/./b", "it has the part '.'"),
        ("a//b", "it has an empty part between slashes"),
        ("a/", "it has an empty part between slashes"),
        ("a\\b", "it holds a backslash"),
        ("..\\evil", "it holds a backslash"),
        ("a\nb", "it holds a control character or line break"),
        ("a\x00b", "it holds a control character or line break"),
        ("a\x7fb", "it holds a control character or line break"),
        ("a\u2028b", "it holds a control character or line break"),
        ("\ud800", "it is not valid Unicode"),
        (".git/hooks/pre-commit", "it is inside git's own folder"),
        (".GIT/config", "it is inside git's own folder"),
        ("a/.Git", "it is inside git's own folder"),
        ("git~1/config", "it is inside git's own folder"),
        ("GIT~1", "it is inside git's own folder"),
        (".git. /x", "it is inside git's own folder"),
        (".git ./config", "it is inside git's own folder"),
        (".git::$INDEX_ALLOCATION/x", "it is inside git's own folder"),
        (".g\u200dit/config", "it holds an invisible character"),
        ("\ufeff.git/x", "it holds an invisible character"),
        ("a\u202etxt.exe", "it holds an invisible character"),
        (".gitmodules", "submodules are not written by Flagstone"),
        ("a/.GitModules", "submodules are not written by Flagstone"),
        ("gitmod~1", "submodules are not written by Flagstone"),
        ("gi7eba~1", "submodules are not written by Flagstone"),
        ("a" * 256, "it is over 255 bytes"),
        ("ü" * 128, "it is over 255 bytes"),
        ("u\u0308.txt", "it is not in Unicode's composed form (NFC)"),
    ],
)
def test_a_path_that_could_do_harm_is_refused_with_its_reason(path: str, reason: str) -> None:
    with pytest.raises(InvalidPath) as caught:
        check_path(path)
    assert caught.value.params["reason"] == reason
    assert caught.value.code == "forge.invalid_path"


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yaml",
        ".GitHub/Workflows/ci.yaml",
        ".forgejo/workflows/x",
        ".gitea/workflows/x",
        ".gitlab-ci.yml",
        ".woodpecker.yml",
    ],
)
def test_what_ci_runs_is_written_only_on_demand(path: str) -> None:
    with pytest.raises(InvalidPath, match="would run in CI"):
        check_path(path)
    check_path(path, allow_workflows=True)


def test_paths_that_differ_only_by_case_are_refused_together() -> None:
    with pytest.raises(InvalidPath, match="differs from it only by case"):
        check_paths(["docs/Readme.md", "docs/README.md"])


def test_a_file_cannot_be_a_folder_in_the_same_change() -> None:
    with pytest.raises(InvalidPath, match="is a file, so it cannot be a folder as well"):
        check_paths(["services/a", "services/a/b/c.yaml", "services/ab"])


def test_paths_of_one_change_that_do_not_touch_are_allowed() -> None:
    check_paths(["services/a.yaml", "services/a/b.yaml", "services/ab"])
