from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from flagstone.accounts.models import User
from flagstone.forge import pipeline
from flagstone.forge.errors import TransportError
from flagstone.forge.hosts.base import Account, MergeMethod, PullRequestSpec
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import ChangeRequest, PullRequest, Repository
from flagstone.forge.people import BOT_ACCOUNT
from tests.forge.hosts.local.conftest import LEO
from tests.forge.repositories import push_by_hand

REPO = "acme/gitops"


def look(root: Path, number: int = 1) -> Any:
    return LocalForge(root).get_pull_request(REPO, number)


def test_the_same_again_is_no_news(
    opened: PullRequest,
    root: Path,
    heard: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        recorded = pipeline.record_pull_request(opened.repository, look(root))
    assert (recorded.pull_request, recorded.is_news) == (opened, False)
    assert heard == []


def test_a_new_state_is_told_audited_and_carried_to_the_change(
    opened: PullRequest,
    change: ChangeRequest,
    root: Path,
    lead: User,
    heard: list[dict[str, Any]],
    audit_actions: Callable[[], list[str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    LocalForge(root).close_pull_request(REPO, 1, by=LEO)
    with django_capture_on_commit_callbacks(execute=True):
        row = pipeline.refresh_pull_request(opened)
    assert (row.state, row.closed_by_login) == ("closed", "leo")
    assert row.closed_at is not None
    assert ChangeRequest.objects.get(pk=change.pk).state == "closed"
    assert heard == [{"pull_request_id": row.pk, "state": "closed"}]
    assert audit_actions()[-1] == "forge.pull_request_closed"


@pytest.mark.parametrize("merge", [False, True])
def test_an_older_look_does_not_undo_a_later_one(
    opened: PullRequest, change: ChangeRequest, root: Path, *, merge: bool
) -> None:
    forge, before = LocalForge(root), look(root)
    if merge:
        forge.merge_pull_request(
            REPO, 1, expected_head=before.head, method=MergeMethod.MERGE, by=LEO
        )
    else:
        forge.close_pull_request(REPO, 1, by=LEO)
    after = pipeline.refresh_pull_request(opened)
    late = replace(before, updated_at=after.updated_at) if merge else before
    recorded = pipeline.record_pull_request(opened.repository, late)
    assert (recorded.pull_request.state, recorded.is_news) == (after.state, False)
    assert ChangeRequest.objects.get(pk=change.pk).state == after.state


def test_a_new_head_is_measured_again(opened: PullRequest, bare: Path, tmp_path: Path) -> None:
    branch = opened.source_branch
    later = push_by_hand(
        bare, tmp_path, {"more.txt": "1\n2\n", "uv.lock": "x\n" * 50}, branch=branch, start=branch
    )
    row = pipeline.refresh_pull_request(opened)
    assert (row.head_commit, row.measured_commit) == (later, later)
    assert (row.additions, row.deletions, row.files, row.size) == (54, 1, 4, 5)


def test_everybodys_pull_requests_are_recorded_with_their_author(
    gitops: Repository, bare: Path, tmp_path: Path, root: Path, lead: User
) -> None:
    push_by_hand(bare, tmp_path, {"a": "1\n"}, branch="by-hand")
    forge = LocalForge(root)
    stranger = Account("nobody-here", "Nobody", is_bot=True)
    for number, author in enumerate((LEO, stranger), start=1):
        forge.create_pull_request(REPO, PullRequestSpec("T", "", "by-hand", "main", author))
        pipeline.record_pull_request(gitops, look(root, number))
        forge.close_pull_request(REPO, number, by=LEO)
    rows = PullRequest.objects.order_by("number")
    assert [(row.author, row.author_login, row.author_is_bot) for row in rows] == [
        (lead, "leo", False),
        (None, "nobody-here", True),
    ]
    assert all(not hasattr(row, "change_request") for row in rows)


def test_a_pull_request_from_a_branch_of_the_same_name_is_its_own_authors(
    gitops: Repository, opened: PullRequest, root: Path
) -> None:
    stranger = Account("stranger", "S")
    from_fork = replace(look(root), number=7, author=stranger, head="9" * 40)
    row = pipeline.record_pull_request(gitops, from_fork).pull_request
    assert (row.source_branch, row.author, row.author_login) == (
        opened.source_branch, None, "stranger",
    )  # fmt: skip


def test_ours_is_its_requesters_though_somebody_noticed_it_first(
    gitops: Repository, change: ChangeRequest, root: Path
) -> None:
    pipeline.ship(change.pk)
    PullRequest.objects.all().delete()
    by_the_bot = replace(look(root), author=BOT_ACCOUNT, body="")
    noticed = pipeline.record_pull_request(gitops, by_the_bot).pull_request
    assert noticed.author is None
    recorded = pipeline.record_pull_request(gitops, by_the_bot, change=change)
    assert (recorded.pull_request.pk, recorded.pull_request.author) == (
        noticed.pk, change.requested_by,
    )  # fmt: skip


def test_a_difference_that_cannot_be_told_leaves_the_size_unknown(
    gitops: Repository, opened: PullRequest, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = replace(look(root), number=7, head="1" * 40)
    row = pipeline.record_pull_request(gitops, found).pull_request
    assert (row.size, row.additions, row.measured_commit) == (None, None, "")
    assert "cannot measure acme/gitops#7" in caplog.text


def test_the_size_keeps_to_the_rules_of_the_target_branch(
    gitops: Repository, bare: Path, tmp_path: Path, root: Path
) -> None:
    """Rules that come with the change itself would let its author hide it."""
    rules = "*.api linguist-generated\nvendor/ours/** -linguist-vendored\n"
    push_by_hand(bare, tmp_path, {".gitattributes": rules})
    files = {
        "x.api": "1\n" * 100,
        "vendor/ours/a": "1\n2\n",
        "vendor/theirs/b": "1\n" * 100,
        "hidden.py": "1\n2\n3\n",
        ".gitattributes": rules + "*.py linguist-generated\n",
    }
    push_by_hand(bare, tmp_path, files, branch="by-hand", start="main")
    LocalForge(root).create_pull_request(REPO, PullRequestSpec("T", "", "by-hand", "main", LEO))
    row = pipeline.record_pull_request(gitops, look(root)).pull_request
    assert (row.additions, row.files, row.size) == (206, 5, 2 + 3 + 1)


def test_a_size_does_without_rules_that_cannot_be_read(
    gitops: Repository,
    bare: Path,
    tmp_path: Path,
    root: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    push_by_hand(bare, tmp_path, {".gitattributes": "*.api linguist-generated\n"})
    push_by_hand(bare, tmp_path, {"x.api": "1\n2\n"}, branch="by-hand", start="main")
    LocalForge(root).create_pull_request(REPO, PullRequestSpec("T", "", "by-hand", "main", LEO))

    def fail(*_: Any) -> None:
        raise TransportError("The repository could not be reached.")

    monkeypatch.setattr("flagstone.forge.pipeline.measuring.read_marks", fail)
    row = pipeline.record_pull_request(gitops, look(root)).pull_request
    assert (row.additions, row.size) == (2, 2)
    assert "cannot read .gitattributes of acme/gitops" in caplog.text


def test_a_pull_request_began_with_its_oldest_own_commit(
    gitops: Repository,
    bare: Path,
    tmp_path: Path,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for at, branch in (
        ("2026-02-01", "by-hand"),
        ("2026-01-20", "by-hand"),
        ("2025-12-01", "main"),
    ):
        monkeypatch.setenv("GIT_AUTHOR_DATE", f"{at}T08:30:00+02:00")
        start = branch if at == "2026-01-20" else "main"
        push_by_hand(bare, tmp_path, {at: "1\n"}, branch=branch, start=start)
    LocalForge(root).create_pull_request(REPO, PullRequestSpec("T", "", "by-hand", "main", LEO))
    row = pipeline.record_pull_request(gitops, look(root)).pull_request
    began = datetime(2026, 1, 20, 6, 30, tzinfo=UTC)
    assert row.began_at == began
    LocalForge(root).close_pull_request(REPO, 1, by=LEO)
    assert pipeline.refresh_pull_request(row).began_at == began


def test_no_pull_request_begins_after_it_was_opened(
    gitops: Repository, bare: Path, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2099-01-01T00:00:00Z")
    push_by_hand(bare, tmp_path, {"a": "1\n"}, branch="by-hand", start="main")
    LocalForge(root).create_pull_request(REPO, PullRequestSpec("T", "", "by-hand", "main", LEO))
    row = pipeline.record_pull_request(gitops, look(root)).pull_request
    assert row.began_at == row.opened_at


def test_a_code_host_that_tells_when_a_pull_request_began_is_believed(
    opened: PullRequest, root: Path
) -> None:
    began = datetime(2020, 1, 1, tzinfo=UTC)
    found = replace(look(root), began_at=began, updated_at=opened.updated_at)
    row = pipeline.record_pull_request(opened.repository, found).pull_request
    assert row.began_at == began
