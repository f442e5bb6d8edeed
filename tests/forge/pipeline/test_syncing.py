from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from flagstone.forge import pipeline
from flagstone.forge.hosts.base import PullRequestSpec
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import ChangeRequest, PullRequest, Repository
from tests.forge.hosts.local.conftest import LEO
from tests.forge.repositories import git, push_by_hand


def sync(
    repository: Repository, capture: DjangoCaptureOnCommitCallbacks | None = None
) -> Repository:
    if capture is None:
        pipeline.sync_repository(repository.pk)
    else:
        with capture(execute=True):
            pipeline.sync_repository(repository.pk)
    return Repository.objects.get(pk=repository.pk)


def test_a_push_past_flagstone_is_noticed_once(
    gitops: Repository,
    bare: Path,
    tmp_path: Path,
    heard: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    head = push_by_hand(bare, tmp_path, {"new": "1"})
    row = sync(gitops, django_capture_on_commit_callbacks)
    assert row.head_commit == head
    assert row.synced_at is not None
    sync(gitops, django_capture_on_commit_callbacks)
    assert heard == [{"repository_id": gitops.pk, "branch": "main", "commit": head}]


def test_a_push_to_another_branch_is_no_news(
    gitops: Repository,
    bare: Path,
    tmp_path: Path,
    heard: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    push_by_hand(bare, tmp_path, {"new": "1"}, branch="other")
    sync(gitops, django_capture_on_commit_callbacks)
    assert heard == []


def test_another_default_branch_is_news(
    gitops: Repository,
    bare: Path,
    heard: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    git(bare, "branch", "--move", "main", "trunk")
    row = sync(gitops, django_capture_on_commit_callbacks)
    assert (row.default_branch, row.head_commit) == ("trunk", gitops.head_commit)
    assert heard == [{"repository_id": gitops.pk, "branch": "trunk", "commit": gitops.head_commit}]


def test_a_merge_by_hand_reaches_the_pull_request_and_the_change(
    opened: PullRequest, change: ChangeRequest, bare: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(bare), str(clone))
    git(clone, "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{change.branch}")
    git(clone, "push", "--quiet", "origin", "main")
    sync(change.repository)
    row = PullRequest.objects.get(pk=opened.pk)
    assert (row.state, row.merge_commit) == ("merged", git(bare, "rev-parse", "main"))
    assert ChangeRequest.objects.get(pk=change.pk).state == "merged"


def test_pull_requests_opened_past_flagstone_are_recorded_once(
    gitops: Repository, bare: Path, tmp_path: Path, root: Path
) -> None:
    push_by_hand(bare, tmp_path, {"a": "1\n"}, branch="by-hand")
    LocalForge(root).create_pull_request(
        "acme/gitops", PullRequestSpec("By hand", "", "by-hand", "main", LEO)
    )
    sync(gitops)
    sync(gitops)
    row = PullRequest.objects.get()
    assert (row.title, row.author_login, row.size) == ("By hand", "leo", 1)


@pytest.mark.parametrize(
    ("_case", "break_it", "code"),
    [
        ("gone", lambda bare: bare.rename(bare.with_name("away")), "forge.repository_gone"),
        (
            "no default branch",
            lambda bare: git(bare, "symbolic-ref", "HEAD", "refs/heads/none"),
            "forge.no_default_branch",
        ),
        (
            "empty",
            lambda bare: git(bare, "update-ref", "-d", "refs/heads/main"),
            "forge.repository_empty",
        ),
        ("damaged", lambda bare: (bare / "HEAD").unlink(), "forge.repository_gone"),
    ],
)
def test_a_repository_that_cannot_be_read_keeps_what_is_known(
    gitops: Repository, bare: Path, _case: str, break_it: Any, code: str
) -> None:
    break_it(bare)
    row = sync(gitops)
    assert (row.problem_code, row.head_commit) == (code, gitops.head_commit)
    assert row.problem
    assert list(Repository.objects.ready()) == []


def test_a_repository_that_came_back_is_well_again(gitops: Repository, bare: Path) -> None:
    away = bare.with_name("away")
    bare.rename(away)
    sync(gitops)
    away.rename(bare)
    row = sync(gitops)
    assert (row.problem, row.problem_code) == ("", "")
