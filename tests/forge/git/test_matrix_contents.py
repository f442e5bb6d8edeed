"""Rows of the fault matrix about files: what is written, and what a hostile repository holds; over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flagstone.forge.errors import ChangeTooLarge, InvalidPath
from flagstone.forge.git.changes import LARGEST_FILE, FileContent
from flagstone.forge.git.pushing import PushResult
from flagstone.forge.git.signing import SigningKey
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.git.http_host import BRANCH, HttpHost
from tests.forge.git.keys import make_key
from tests.forge.repositories import change_set, files_at, git, meta, push_by_hand
from tests.git_http import Cut, GitFault, GitServer, serving


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[GitServer]:
    """A server of somebody else, which must never be asked."""
    (tmp_path / "elsewhere").mkdir()
    with serving(tmp_path / "elsewhere") as server:
        yield server


def publish(web: HttpHost, files: dict[str, str | bytes | FileContent | None]) -> None:
    changes = change_set(files)
    with GitWorkspace(web.remote()) as workspace:
        base = workspace.observe("main").head()
        commit = workspace.build_commit(base, changes, meta())
        assert workspace.push(commit, BRANCH, expected=None).result is PushResult.PUSHED


@pytest.mark.parametrize(
    "path",
    [
        "../x", "/etc/x", ".git/hooks/pre-commit", "a/.GIT/config", ".g\u200dit/config", "git~1/x",
        "line\nbreak", "a//b", "a/./b", "a\\b", ".gitmodules", ".github/workflows/x.yaml", "C:/x",
        "cafe\u0301",
    ],
)  # fmt: skip
def test_row_30_a_path_that_leads_astray_is_refused_before_anything_is_asked(
    web: HttpHost, path: str
) -> None:
    with pytest.raises(InvalidPath):
        publish(web, {"fine": "1", path: "evil"})
    assert web.server.requests == []
    assert list(web.branches()) == ["main"]


@pytest.mark.parametrize(
    ("_case", "path"),
    [("a file over a folder", "services"), ("a folder over a file", "README.md/inside")],
)
def test_row_30_nothing_unnamed_is_swallowed(web: HttpHost, _case: str, path: str) -> None:
    with pytest.raises(InvalidPath, match="which it does not name"):
        publish(web, {path: "x"})
    assert web.server.sent("git-receive-pack") == []
    assert list(web.branches()) == ["main"]


def test_row_31_nothing_of_a_hostile_repository_runs_or_leads_elsewhere(
    web: HttpHost, elsewhere: GitServer, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(web.bare), str(clone))
    (clone / "link").symlink_to("/etc")
    (clone / ".gitmodules").write_text(
        f'[submodule "m"]\n\tpath = m\n\turl = {elsewhere.url}/m.git\n'
    )
    (clone / ".lfsconfig").write_text(f"[lfs]\n\turl = {elsewhere.url}/lfs\n")
    (clone / ".gitattributes").write_text(
        f"* text eol=crlf filter=x diff=x\n* merge=x ident\n*.sh filter=touch${{IFS}}{mark}\n"
    )
    git(clone, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},m")
    git(clone, "add", "link", ".gitmodules", ".lfsconfig", ".gitattributes")
    git(clone, "commit", "--quiet", "--message", "hostile")
    git(clone, "push", "--quiet", "origin", "main")
    publish(web, {"a.txt": "1\n$Id$\n2\r\n", "run.sh": "#!/bin/sh\n"})
    with_ours = git(web.bare, "diff-tree", "-r", "--name-status", "main", BRANCH)
    assert with_ours == "A\ta.txt\nA\trun.sh"
    assert git(web.bare, "cat-file", "-s", f"{BRANCH}:a.txt") == "10"
    assert not mark.exists()
    assert elsewhere.requests == []


@pytest.mark.parametrize("path", ["link", "link/passwd", "m", "m/x"])
def test_row_31_links_and_submodules_are_neither_followed_nor_replaced(
    web: HttpHost, tmp_path: Path, path: str
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(web.bare), str(clone))
    (clone / "link").symlink_to("/etc")
    git(clone, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},m")
    git(clone, "add", "link")
    git(clone, "commit", "--quiet", "--message", "hostile")
    git(clone, "push", "--quiet", "origin", "main")
    with pytest.raises(InvalidPath):
        publish(web, {path: "evil"})
    assert list(web.branches()) == ["main"]


def test_row_31_a_path_that_lfs_keeps_is_refused(web: HttpHost, tmp_path: Path) -> None:
    push_by_hand(
        web.bare, tmp_path, {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"}
    )
    with pytest.raises(InvalidPath, match="filter 'lfs'"):
        publish(web, {"logo.bin": b"\0raw"})
    assert web.server.sent("git-receive-pack") == []


def test_row_32_modes_names_and_bytes_are_kept_exactly(web: HttpHost) -> None:
    publish(
        web,
        {
            "bin/run": FileContent(b"#!/bin/sh\n", executable=True),
            "docs/Größe 日本語 🚀.md": "ü\n",
            'quo"ted and  spaced ': "q",
            "empty": "",
            "crlf": "a\r\nb",
            "-dash": "d",
        },
    )
    found = files_at(web.bare, BRANCH)
    assert found == {
        "README.md": "hello\n",
        "services/a/x.yaml": "x: 1\n",
        "bin/run": "100755 #!/bin/sh\n",
        "docs/Größe 日本語 🚀.md": "ü\n",
        'quo"ted and  spaced ': "q",
        "empty": "",
        "crlf": "a\r\nb",
        "-dash": "d",
    }


def test_row_32_ten_megabytes_arrive_as_they_are(web: HttpHost) -> None:
    data = bytes(range(256)) * (LARGEST_FILE // 256)
    publish(web, {"big.bin": data})
    assert git(web.bare, "rev-parse", f"{BRANCH}:big.bin") == FileContent(data).blob_id


def test_row_32_two_thousand_files_arrive(web: HttpHost) -> None:
    publish(web, {f"many/{n % 40}/{n}.yaml": f"n: {n}\n" for n in range(2000)})
    listing = git(web.bare, "ls-tree", "-r", "--name-only", BRANCH, "many").splitlines()
    assert len(listing) == 2000
    assert git(web.bare, "show", f"{BRANCH}:many/39/1999.yaml") == "n: 1999"


def test_row_32_more_than_that_is_refused_before_anything_is_asked(web: HttpHost) -> None:
    for files in ({"big": b"x" * (LARGEST_FILE + 1)}, {f"{n}": "" for n in range(5001)}):
        with pytest.raises(ChangeTooLarge):
            publish(web, files)  # type: ignore[arg-type]
    assert web.server.requests == []


def test_row_42_a_signed_commit_pushed_again_after_a_lost_answer_is_the_same(
    web: HttpHost, tmp_path: Path
) -> None:
    key = SigningKey(make_key(tmp_path, "-t", "ed25519").read_text())
    ids, results = [], []
    web.server.faults.append(GitFault("POST /acme/gitops.git/git-receive-pack", cut=Cut.UNANSWERED))
    for _ in range(2):
        with GitWorkspace(web.remote()) as workspace:
            base = workspace.observe("main").head()
            commit = workspace.build_commit(base, change_set({"a": "1"}), meta(signing_key=key))
            results.append(workspace.push(commit, BRANCH, expected=None).result)
            ids.append(commit.sha)
    assert results == [PushResult.UNKNOWN, PushResult.UP_TO_DATE]
    assert ids == [web.branches()[BRANCH]] * 2
    assert "gpgsig -----BEGIN SSH SIGNATURE-----" in git(web.bare, "cat-file", "commit", BRANCH)
