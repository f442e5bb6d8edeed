from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from flagstone.forge.errors import TimedOut
from flagstone.forge.git import attribute_files
from flagstone.forge.git.attributes import read_marks
from flagstone.forge.git.limits import ProcessLimits
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.sizes import NO_MARKS, Marks
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.repositories import git, make_repository, push_by_hand, remote
from tests.git_http import GitServer, serving


def marks_of(root: Path, files: Mapping[str, str | bytes], *paths: str) -> Marks:
    bare = make_repository(root, files)
    with GitWorkspace(remote(bare)) as workspace:
        return read_marks(workspace, git(bare, "rev-parse", "main"), paths)


def marked(*left_out: str, counted: tuple[str, ...] = ()) -> Marks:
    return Marks(frozenset(left_out), frozenset(counted))


def test_generated_and_vendored_files_are_left_out(tmp_path: Path) -> None:
    rules = "*.api.go linguist-generated\nlibs/** linguist-vendored=true\n"
    found = marks_of(tmp_path, {".gitattributes": rules}, "a/x.api.go", "libs/y.c", "z.go")
    assert found == marked("a/x.api.go", "libs/y.c")


@pytest.mark.parametrize(
    "rule", ["-linguist-generated", "linguist-vendored=false", "-linguist-vendored"]
)
def test_what_a_rule_says_no_to_counts_again(tmp_path: Path, rule: str) -> None:
    found = marks_of(
        tmp_path, {".gitattributes": f"vendor/ours/** {rule}\n"}, "vendor/ours/a.c", "vendor/b.c"
    )
    assert found == marked(counted=("vendor/ours/a.c",))
    assert found.is_written_by_people("vendor/ours/a.c")
    assert not found.is_written_by_people("vendor/b.c")


def test_one_yes_outweighs_one_no(tmp_path: Path) -> None:
    rules = "x -linguist-generated linguist-vendored\n"
    assert marks_of(tmp_path, {".gitattributes": rules}, "x") == marked("x")


def test_documentation_still_counts(tmp_path: Path) -> None:
    rules = "docs/** linguist-documentation\n"
    assert marks_of(tmp_path, {".gitattributes": rules}, "docs/a.md") == NO_MARKS


def test_a_nested_file_goes_before_the_one_above_it(tmp_path: Path) -> None:
    files = {
        ".gitattributes": "*.py linguist-generated\n",
        "a/b/.gitattributes": "*.py -linguist-generated\n",
        "other/.gitattributes": "* linguist-generated\n",
    }
    found = marks_of(tmp_path, files, "a/x.py", "a/b/x.py", "a/b/c/x.py", "a/b/y.txt")
    assert found == marked("a/x.py", counted=("a/b/x.py", "a/b/c/x.py"))


def test_a_macro_and_odd_names_are_read_as_git_reads_them(tmp_path: Path) -> None:
    files = {".gitattributes": '[attr]made linguist-generated\n*.out made\n"a b.txt" made\n'}
    odd = ("größe/ü.out", "a b.txt", "new\nline.out", ":(glob)x.out", "-n.out", "\udcff.out")
    assert marks_of(tmp_path, files, *odd) == marked(*odd)


@pytest.mark.parametrize(
    "path", ["../x", "/etc/x", ".git/config", "a//x", "", "a\0b", "\ud800", "a/../x"]
)
def test_a_path_that_leads_out_is_asked_of_nobody(tmp_path: Path, path: str) -> None:
    files = {".gitattributes": "* linguist-generated\n"}
    assert marks_of(tmp_path, files, path, "x") == marked("x")


def test_without_any_attributes_there_is_nothing_to_ask(tmp_path: Path) -> None:
    assert marks_of(tmp_path, {"a": "1\n"}, "a", "b/c") == NO_MARKS


def test_row_31_hostile_attributes_run_no_code(tmp_path: Path) -> None:
    """Filters, drivers and attribute files of the repository itself: none is ever asked."""
    pwned = tmp_path / "pwned"
    rules = "* filter=evil diff=evil merge=evil ident text eol=crlf linguist-generated\n"
    bare = make_repository(tmp_path / "host", {".gitattributes": rules, "x": "1\n"})
    for key in (
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.textconv",
    ):
        git(bare, "config", key, f"touch {pwned}")
    git(bare, "config", "core.attributesFile", str(tmp_path / "theirs"))
    (tmp_path / "theirs").write_text("y -linguist-generated\n")
    (bare / "info").mkdir(exist_ok=True)
    (bare / "info/attributes").write_text("x -linguist-generated\n")
    with GitWorkspace(remote(bare)) as workspace:
        found = read_marks(workspace, git(bare, "rev-parse", "main"), ["x", "y"])
    assert found == marked("x", "y")
    assert not pwned.exists()


def test_a_link_in_the_place_of_the_attributes_is_not_followed(tmp_path: Path) -> None:
    bare = make_repository(tmp_path / "host", {"rules": "* linguist-generated\n"})
    blob = git(bare, "hash-object", "-w", "--stdin", stdin="rules")
    tree = git(bare, "mktree", stdin=f"120000 blob {blob}\t.gitattributes\n")
    commit = git(bare, "commit-tree", "-m", "x", tree)
    with GitWorkspace(remote(bare)) as workspace:
        assert read_marks(workspace, commit, ["x"]) == NO_MARKS


def test_a_huge_file_of_attributes_is_not_read(tmp_path: Path) -> None:
    huge = "* linguist-generated\n" * 20_000
    files = {".gitattributes": huge, "a/.gitattributes": "* linguist-generated\n"}
    assert marks_of(tmp_path, files, "x", "a/x") == marked("a/x")


def test_of_very_many_files_those_next_to_the_root_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribute_files, "MOST_FILES", 2)
    files = {
        f"{folder}.gitattributes": "*.py linguist-generated\n" for folder in ("a/", "b/", "a/c/")
    }
    found = marks_of(tmp_path, files, "a/x.py", "b/x.py", "a/c/x.py", "x.py")
    assert found == marked("a/x.py", "b/x.py", "a/c/x.py")
    files["a/c/.gitattributes"] = "*.py -linguist-generated\n"
    found = marks_of(tmp_path / "again", files, "a/c/x.py", "b/x.py")
    assert found == marked("a/c/x.py", "b/x.py")


def test_more_paths_than_fit_into_one_command(tmp_path: Path) -> None:
    paths = [f"{number:04}/{'long' * 50}/x.py" for number in range(1200)]
    files = {
        ".gitattributes": "*.py linguist-generated\n",
        "1100/.gitattributes": "*.py -linguist-generated\n",
    }
    found = marks_of(tmp_path, files, *paths)
    assert (len(found.left_out), found.counted) == (1199, {paths[1100]})


def test_patterns_that_take_git_too_long_are_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribute_files, "_TIME_LIMIT", 0.5)
    slow = "*" + "a*" * 40 + "b linguist-generated\n"
    with pytest.raises(TimedOut):
        marks_of(tmp_path, {".gitattributes": slow * 50}, *(f"{'a' * 200}{n}" for n in range(20)))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with serving(tmp_path / "host") as server:
        yield server


def test_over_the_network_only_the_attributes_are_fetched(
    tmp_path: Path, server: GitServer
) -> None:
    files = {
        ".gitattributes": "*.api linguist-generated\n",
        "a/.gitattributes": "x.api -linguist-generated\n",
        **{f"big/{number}.bin": "x" * 10_000 + str(number) for number in range(20)},
    }
    bare = make_repository(tmp_path / "host", files)
    git(bare, "config", "uploadpack.allowFilter", "true")
    base = git(bare, "rev-parse", "main")
    push_by_hand(bare, tmp_path, {".gitattributes": None})
    there = GitRemote(name="acme/gitops", url=f"{server.url}/acme/gitops.git", protocols=("http",))
    with GitWorkspace(there, limits=ProcessLimits()) as workspace:
        workspace.fetch(base)
        found = read_marks(workspace, base, ["x.api", "a/x.api", "b"])
        objects = workspace.git.run("cat-file", "--batch-check", "--batch-all-objects").stdout
    assert found == marked("x.api", counted=("a/x.api",))
    assert objects.decode().count(" blob ") == 2
    posts = [path for path in server.asked if path.endswith("git-upload-pack")]
    assert len(posts) == 4  # each of the two fetches lists the refs and gets a pack
