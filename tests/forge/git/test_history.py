"""Where a branch stood on past days: real repositories with dated commits, merges and crooked clocks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flagstone.forge.errors import GitFailed, HistoryMissing, TransportError
from flagstone.forge.git.history import began_at, commits_at
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.workspace import GitWorkspace
from tests.forge.repositories import git, record_commands, remote

Commit = Callable[..., str]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    place = tmp_path / "acme.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(place))
    git(place, "config", "uploadpack.allowFilter", "true")
    git(place, "config", "uploadpack.allowAnySHA1InWant", "true")
    return place


@pytest.fixture
def clone(bare: Path, tmp_path: Path) -> Path:
    place = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(bare), str(place))
    git(place, "checkout", "--quiet", "-B", "main")
    return place


@pytest.fixture
def commit(clone: Path, monkeypatch: pytest.MonkeyPatch) -> Commit:
    """Commit (or merge a branch) at a time and push; the author's date is always another one."""

    def make(at: str, *, merge: str = "") -> str:
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2026-{at}:00Z")
        monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-01-01T12:00:00Z")
        words = ["merge", "--no-ff", merge] if merge else ["commit", "--allow-empty"]
        git(clone, *words, "--quiet", "--message", at)
        git(clone, "push", "--quiet", "origin", "HEAD")
        return git(clone, "rev-parse", "HEAD")

    return make


def days(*names: str) -> list[date]:
    return [date.fromisoformat(f"2026-{name}") for name in names]


def stood(where: GitRemote, *names: str) -> dict[str, str]:
    """Return month and day → commit, as a look from outside gives it."""
    with GitWorkspace(where) as workspace:
        head = workspace.observe().head()
        workspace.fetch_history(head)
        found = commits_at(workspace.git, head, days(*names), name=where.name)
    return {day.strftime("%m-%d"): sha for day, sha in found.items()}


def test_each_day_has_its_last_commit_and_the_days_before_the_first_have_none(
    bare: Path, commit: Commit
) -> None:
    commit("03-02T08:00")
    evening = commit("03-02T23:59")
    midnight = commit("03-03T00:00")
    last = commit("03-09T12:00")
    assert stood(remote(bare), "03-01", "03-02", "03-03", "03-08", "03-09", "04-01") == {
        "03-02": evening,
        "03-03": midnight,
        "03-08": midnight,
        "03-09": last,
        "04-01": last,
    }


def test_a_side_branch_counts_from_its_merge_on(bare: Path, clone: Path, commit: Commit) -> None:
    first = commit("03-01T12:00")
    git(clone, "checkout", "--quiet", "-b", "side")
    commit("03-02T12:00")
    git(clone, "checkout", "--quiet", "main")
    own = commit("03-03T12:00")
    merged = commit("03-05T12:00", merge="side")
    assert stood(remote(bare), "03-05", "03-02", "03-04") == {
        "03-02": first,
        "03-04": own,
        "03-05": merged,
    }


def test_a_crooked_clock_does_not_bring_an_overtaken_commit_back(
    bare: Path, commit: Commit
) -> None:
    commit("03-04T12:00")
    overtaking = commit("03-03T12:00")
    assert stood(remote(bare), "03-03", "03-04") == {"03-03": overtaking, "03-04": overtaking}


def test_a_repository_on_another_machine_is_asked_for_its_commits_only(
    bare: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = commit("03-01T12:00"), commit("03-02T12:00")
    commands = record_commands(monkeypatch)
    far = GitRemote(name="far", url=f"file://{bare}")
    assert stood(far, "03-01", "03-02") == {"03-01": first, "03-02": second}
    assert commands == ["ls-remote", "fetch", "log"]


def test_a_shallow_copy_says_that_it_has_no_past(
    bare: Path, commit: Commit, tmp_path: Path
) -> None:
    commit("03-01T12:00")
    commit("03-02T12:00")
    shallow = tmp_path / "shallow.git"
    git(tmp_path, "clone", "--quiet", "--bare", "--depth=1", f"file://{bare}", str(shallow))
    with pytest.raises(HistoryMissing, match="The history of shallow is not all there"):
        stood(remote(shallow), "03-01")


def test_a_history_that_cannot_be_fetched_is_told(bare: Path, commit: Commit) -> None:
    commit("03-01T12:00")
    with (
        GitWorkspace(GitRemote(name="far", url=f"file://{bare}")) as workspace,
        pytest.raises(TransportError, match="far could not be read"),
    ):
        workspace.fetch_history("1" * 40)


def test_a_branch_began_with_its_oldest_own_commit_that_is_no_merge(
    clone: Path, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(at: str, *words: str) -> str:
        monkeypatch.setenv("GIT_AUTHOR_DATE", at)
        git(clone, *words, "--quiet", "--message", at)
        return git(clone, "rev-parse", "HEAD")

    commit = ("commit", "--allow-empty")
    write("2025-01-01T00:00:00Z", *commit)
    git(clone, "checkout", "--quiet", "-b", "feature")
    write("2026-03-02T12:00:00+05:00", *commit)
    write("2026-02-02T12:00:00+05:00", *commit)
    git(clone, "checkout", "--quiet", "main")
    base = write("2024-01-01T00:00:00Z", *commit)
    git(clone, "checkout", "--quiet", "feature")
    head = write("2023-01-01T00:00:00Z", "merge", "--no-ff", "main")
    git(clone, "push", "--quiet", "origin", "main", "feature")
    with GitWorkspace(remote(bare)) as workspace:
        assert began_at(workspace.git, base, head) == datetime(2026, 2, 2, 7, tzinfo=UTC)
        assert began_at(workspace.git, base, base) is None
        with pytest.raises(GitFailed):
            began_at(workspace.git, base, "1" * 40)


def test_a_commit_of_no_possible_date_is_passed_over(bare: Path, clone: Path) -> None:
    tree = git(bare, "mktree", stdin="")
    commits = []
    for second in ("0", "99999999999999", "1767225600"):
        person = f"Hand <hand@example.com> {second} +0000"
        parent = f"parent {commits[-1]}\n" if commits else ""
        raw = f"tree {tree}\n{parent}author {person}\ncommitter {person}\n\nx\n"
        words = ("hash-object", "-t", "commit", "-w", "--literally", "--stdin")
        commits.append(git(bare, *words, stdin=raw))
    with GitWorkspace(remote(bare)) as workspace:
        found = began_at(workspace.git, commits[0], commits[-1])
    assert found == datetime(2026, 1, 1, tzinfo=UTC)
