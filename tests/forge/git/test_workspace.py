from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flagstone.forge.errors import (
    BranchOccupied,
    EmptyChange,
    EmptyRepository,
    GitFailed,
    InvalidPath,
    NoDefaultBranch,
    NoRoom,
    RepositoryGone,
    TransportError,
)
from flagstone.forge.git.changes import FileContent
from flagstone.forge.git.pushing import PushOutcome, PushResult
from flagstone.forge.git.remotes import GitRemote, check_unblocked
from flagstone.forge.git.workspace import GitWorkspace, remove_abandoned
from tests.forge.repositories import (
    change_set,
    files_at,
    git,
    make_repository,
    meta,
    push_by_hand,
    record_commands,
    remote,
)
from tests.waiting import tries

BRANCH = "flagstone/add-1234abcd"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return make_repository(
        tmp_path / "host", {"README.md": "hello\n", "services/a/x.yaml": "x: 1\n"}
    )


@pytest.fixture
def workspace(bare: Path) -> Iterator[GitWorkspace]:
    with GitWorkspace(remote(bare)) as opened:
        yield opened


def test_it_sees_the_default_branch_and_the_named_ones(
    workspace: GitWorkspace, bare: Path, tmp_path: Path
) -> None:
    theirs = push_by_hand(bare, tmp_path, {"n": "1"}, branch=BRANCH)
    push_by_hand(bare, tmp_path, {"n": "2"}, branch="other")
    refs = workspace.observe("main", BRANCH)
    head = git(bare, "rev-parse", "main")
    assert refs.default_branch == "main"
    assert dict(refs.branches) == {"main": head, BRANCH: theirs}
    assert refs.head() == head


def test_it_sees_every_branch_when_none_is_named(
    workspace: GitWorkspace, bare: Path, tmp_path: Path
) -> None:
    push_by_hand(bare, tmp_path, {"n": "2"}, branch="other")
    assert sorted(workspace.observe().branches) == ["main", "other"]


def test_an_empty_repository_is_told(tmp_path: Path) -> None:
    bare = tmp_path / "empty.git"
    git(tmp_path, "init", "--quiet", "--bare", str(bare))
    with GitWorkspace(remote(bare)) as workspace:
        refs = workspace.observe("main", BRANCH)
    with pytest.raises(EmptyRepository, match="empty has no commit yet"):
        refs.head()


def test_a_head_that_leads_nowhere_is_told(workspace: GitWorkspace, bare: Path) -> None:
    git(bare, "symbolic-ref", "HEAD", "refs/heads/gone")
    with pytest.raises(NoDefaultBranch):
        workspace.observe("gone", BRANCH).head()


def test_a_repository_that_is_gone_is_told(tmp_path: Path) -> None:
    with (
        GitWorkspace(remote(tmp_path / "gone.git")) as workspace,
        pytest.raises(RepositoryGone, match="The repository gone is gone"),
    ):
        workspace.observe("main")


def test_a_repository_that_is_damaged_is_told(workspace: GitWorkspace, bare: Path) -> None:
    (bare / "HEAD").write_text("nonsense")
    with pytest.raises(TransportError, match="could not be read"):
        workspace.observe("main")


@pytest.mark.parametrize(
    ("taken", "wanted"),
    [("flagstone", BRANCH), (f"{BRANCH}/more", BRANCH), ("flagstone", "flagstone/a/b/c")],
)
def test_a_branch_in_the_way_is_seen(
    workspace: GitWorkspace, bare: Path, tmp_path: Path, taken: str, wanted: str
) -> None:
    push_by_hand(bare, tmp_path, {"n": "1"}, branch=taken)
    with pytest.raises(BranchOccupied) as caught:
        check_unblocked(workspace.observe("main", wanted), wanted)
    assert caught.value.params == {"branch": wanted, "blocker": taken}


def test_a_commit_holds_what_was_meant(workspace: GitWorkspace, bare: Path) -> None:
    base = workspace.observe("main").head()
    changes = change_set(
        {
            "README.md": None,
            "services/a/x.yaml": "x: 2\r\n",
            'odd "name" ü.sh': FileContent(b"#!/bin/sh\n", executable=True),
            "empty": "",
            "{{ literal }}.txt": "{{ 7*7 }}\n",
        }
    )
    commit = workspace.build_commit(base, changes, meta("Do it", trailers=(("Key", "v"),)))
    outcome = workspace.push(commit, BRANCH, expected=None)
    assert outcome.result is PushResult.PUSHED
    assert commit.base == base
    assert files_at(bare, BRANCH) == {
        "services/a/x.yaml": "x: 2\r\n",
        'odd "name" ü.sh': "100755 #!/bin/sh\n",
        "empty": "",
        "{{ literal }}.txt": "{{ 7*7 }}\n",
    }
    assert git(bare, "log", "-1", "--format=%H %P|%an <%ae>|%cn <%ce>|%aI|%B", BRANCH) == (
        f"{commit.sha} {base}|Mia Wong <mia@example.com>|Flagstone <flagstone@noreply.invalid>"
        "|2026-03-02T12:00:00+00:00|Do it\n\nKey: v"
    )


def test_the_same_change_on_the_same_base_is_the_same_commit(bare: Path) -> None:
    changes, ids = change_set({"a": "1"}), set()
    for _ in range(2):
        with GitWorkspace(remote(bare)) as workspace:
            base = workspace.observe("main").head()
            ids.add(workspace.build_commit(base, changes, meta()).sha)
    assert len(ids) == 1


def test_a_change_that_holds_already_is_empty(workspace: GitWorkspace) -> None:
    base = workspace.observe("main").head()
    with pytest.raises(EmptyChange):
        workspace.build_commit(base, change_set({"README.md": "hello\n", "no": None}), meta())


def test_a_change_that_holds_in_part_is_built(workspace: GitWorkspace) -> None:
    base = workspace.observe("main").head()
    changes = change_set({"README.md": "hello\n", "new": "1"})
    workspace.build_commit(base, changes, meta())


@pytest.mark.parametrize(
    ("_case", "path"),
    [("a file over a folder", "services"), ("a folder over a file", "README.md/inside")],
)
def test_nothing_unnamed_is_swallowed(
    workspace: GitWorkspace, bare: Path, _case: str, path: str
) -> None:
    base = workspace.observe("main").head()
    with pytest.raises(InvalidPath, match="which it does not name"):
        workspace.build_commit(base, change_set({path: "x"}), meta())
    assert git(bare, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_links_and_submodules_in_the_way_are_neither_followed_nor_replaced(
    bare: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(bare), str(clone))
    (clone / "link").symlink_to("/etc")
    git(clone, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    git(clone, "add", "link")
    git(clone, "commit", "--quiet", "--message", "hostile")
    git(clone, "push", "--quiet", "origin", "main")
    for path in ("link", "link/passwd", "module", "module/x"):
        with GitWorkspace(remote(bare)) as workspace:
            base = workspace.observe("main").head()
            with pytest.raises(InvalidPath):
                workspace.build_commit(base, change_set({path: "evil"}), meta())


def test_attributes_and_hooks_of_a_repository_run_nothing(bare: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    (bare / "hooks").mkdir()
    for hook in ("pre-commit", "post-commit", "pre-push"):
        (bare / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {mark}-{hook}\n")
        (bare / "hooks" / hook).chmod(0o755)
    git(bare, "config", "filter.evil.clean", f"touch {mark}")
    git(bare, "config", "diff.evil.textconv", f"touch {mark}")
    push_by_hand(bare, tmp_path, {".gitattributes": "* filter=evil diff=evil text eol=crlf\n"})
    with GitWorkspace(remote(bare)) as workspace:
        base = workspace.observe("main").head()
        commit = workspace.build_commit(base, change_set({"a.txt": "1\n2\n"}), meta())
        workspace.push(commit, BRANCH, expected=None)
    assert files_at(bare, BRANCH)["a.txt"] == "1\n2\n"
    assert list(tmp_path.glob("ran*")) == []


def test_a_replaced_object_is_not_believed(bare: Path) -> None:
    readme = git(bare, "rev-parse", "main:README.md")
    forged = git(bare, "hash-object", "-w", "--stdin", stdin="forged\n")
    git(bare, "replace", readme, forged)
    with GitWorkspace(remote(bare)) as workspace:
        assert workspace.git.run("cat-file", "blob", readme).stdout == b"hello\n"


def test_a_push_again_of_the_same_commit_changes_nothing(workspace: GitWorkspace) -> None:
    base = workspace.observe("main").head()
    commit = workspace.build_commit(base, change_set({"a": "1"}), meta())
    workspace.push(commit, BRANCH, expected=None)
    assert workspace.push(commit, BRANCH, expected=None) == PushOutcome(PushResult.UP_TO_DATE)


def test_somebody_elses_commit_is_never_overwritten(
    workspace: GitWorkspace, bare: Path, tmp_path: Path
) -> None:
    base = workspace.observe("main").head()
    commit = workspace.build_commit(base, change_set({"a": "1"}), meta())
    theirs = push_by_hand(bare, tmp_path, {"b": "2"}, branch=BRANCH)
    assert workspace.push(commit, BRANCH, expected=None).result is PushResult.STALE_LEASE
    assert workspace.push(commit, BRANCH, expected=base).result is PushResult.STALE_LEASE
    assert git(bare, "rev-parse", BRANCH) == theirs


def test_our_own_last_commit_is_replaced_on_demand(workspace: GitWorkspace, bare: Path) -> None:
    base = workspace.observe("main").head()
    first = workspace.build_commit(base, change_set({"a": "1"}), meta())
    second = workspace.build_commit(base, change_set({"a": "2"}), meta())
    workspace.push(first, BRANCH, expected=None)
    assert workspace.push(second, BRANCH, expected=first.sha).result is PushResult.PUSHED
    assert git(bare, "rev-parse", BRANCH) == second.sha


def test_a_hook_of_the_code_host_refuses_in_its_own_words(
    workspace: GitWorkspace, bare: Path
) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'Commits need a ticket: ask token=canary-123' >&2\nexit 1\n")
    hook.chmod(0o755)
    base = workspace.observe("main").head()
    commit = workspace.build_commit(base, change_set({"a": "1"}), meta())
    assert workspace.push(commit, BRANCH, expected=None) == PushOutcome(
        PushResult.REJECTED, "Commits need a ticket: ask token=[redacted]"
    )


def test_a_tag_of_the_branchs_name_confuses_nothing(workspace: GitWorkspace, bare: Path) -> None:
    git(bare, "tag", BRANCH, "main")
    base = workspace.observe("main", BRANCH).head()
    commit = workspace.build_commit(base, change_set({"a": "1"}), meta())
    assert workspace.push(commit, BRANCH, expected=None).result is PushResult.PUSHED
    assert git(bare, "rev-parse", f"refs/tags/{BRANCH}") == base
    assert git(bare, "rev-parse", f"refs/heads/{BRANCH}") == commit.sha


def test_a_push_that_hangs_has_an_unknown_outcome_and_leaves_no_process(
    bare: Path, tmp_path: Path
) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    pid_file = tmp_path / "pid"
    hook.write_text(f"#!/bin/sh\necho $$ > {pid_file}\nexec sleep 60\n")
    hook.chmod(0o755)
    with GitWorkspace(remote(bare), time_limit=1.0) as workspace:
        base = workspace.observe("main").head()
        commit = workspace.build_commit(base, change_set({"a": "1"}), meta())
        outcome = workspace.push(commit, BRANCH, expected=None)
    assert outcome.result is PushResult.UNKNOWN
    assert "did not end within 1 seconds" in outcome.message
    assert not _alive(int(pid_file.read_text()))


def _alive(pid: int) -> bool:
    for _ in tries():
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.strip()
        if not state or state.startswith("Z"):
            return False
    return True


def test_twenty_files_take_five_processes(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = record_commands(monkeypatch)
    with GitWorkspace(remote(bare)) as workspace:
        base = workspace.observe("main", BRANCH).head()
        files = {f"services/b/{n}.yaml": f"n: {n}\n" for n in range(20)}
        workspace.push(
            workspace.build_commit(base, change_set(files), meta()), BRANCH, expected=None
        )
    assert commands == ["ls-remote", "fast-import", "diff-tree", "ls-tree", "push"]


def test_a_remote_that_cannot_be_read_in_place_is_fetched_without_contents(
    bare: Path, tmp_path: Path
) -> None:
    push_by_hand(bare, tmp_path, {"big.bin": "x" * 200_000})
    far = GitRemote(name="far", url=f"file://{bare}")
    with GitWorkspace(far) as workspace:
        base = workspace.observe("main", BRANCH).head()
        commit = workspace.build_commit(base, change_set({"services/a/y.yaml": "y"}), meta())
        size = sum(f.stat().st_size for f in Path(str(workspace.git.working_dir)).rglob("*.pack"))
        outcome = workspace.push(commit, BRANCH, expected=None)
    assert outcome.result is PushResult.PUSHED
    assert size < 5_000
    assert files_at(bare, BRANCH)["services/a/y.yaml"] == "y"
    assert sorted(files_at(bare, BRANCH)) == [
        "README.md", "big.bin", "services/a/x.yaml", "services/a/y.yaml",
    ]  # fmt: skip


def test_it_leaves_nothing_behind(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with GitWorkspace(remote(bare)) as workspace:
        assert [path.stat().st_mode & 0o777 for path in scratch.iterdir()] == [0o700]
        with pytest.raises(GitFailed):
            workspace.git.run("no-such-command")
    assert list(scratch.iterdir()) == []


def test_a_full_or_missing_disk_is_worth_another_try(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(NoRoom, match="No such file or directory"):
        GitWorkspace(remote(bare)).__enter__()


def test_what_killed_workers_left_is_removed_when_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name, age in (("flagstone-workspace-old", 7200), ("flagstone-workspace-new", 60)):
        (tmp_path / name / "repository").mkdir(parents=True)
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    assert remove_abandoned() == 1
    assert [path.name for path in tmp_path.iterdir()] == ["flagstone-workspace-new"]
