from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from flagstone.accounts.models import User
from flagstone.forge import pipeline
from flagstone.forge.errors import HeadMoved, MergeConflict
from flagstone.forge.hosts.base import MergeMethod
from flagstone.forge.models import ChangeRequest, PullRequest, Repository
from flagstone.forge.people import account_of
from tests.forge.repositories import files_at, git, push_by_hand


def merge(pull: PullRequest, by: User, *, head: str = "") -> PullRequest:
    return pipeline.merge(
        pull,
        by=account_of(by),
        expected_head=head or pull.head_commit,
        method=MergeMethod.MERGE,
    )


def test_a_merge_moves_the_branch_the_rows_and_tells_both(
    opened: PullRequest,
    change: ChangeRequest,
    bare: Path,
    lead: User,
    heard: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        row = merge(opened, lead)
    main = git(bare, "rev-parse", "main")
    assert "services/checkout/rollout.yaml" in files_at(bare, "main")
    assert (row.state, row.merge_commit, row.closed_by_login) == ("merged", main, "leo")
    assert row.merged_at is not None
    assert ChangeRequest.objects.get(pk=change.pk).state == "merged"
    repository = Repository.objects.get(pk=row.repository_id)
    assert repository.head_commit == main
    assert heard == [
        {"pull_request_id": row.pk, "state": "merged"},
        {"repository_id": repository.pk, "branch": "main", "commit": main},
    ]


def test_a_conflict_changes_nothing(
    opened: PullRequest, bare: Path, tmp_path: Path, lead: User
) -> None:
    theirs = push_by_hand(bare, tmp_path, {"README.md": "theirs\n"})
    with pytest.raises(MergeConflict):
        merge(opened, lead)
    assert git(bare, "rev-parse", "main") == theirs
    assert PullRequest.objects.get().state == "open"


def test_what_was_not_looked_at_is_not_merged(opened: PullRequest, lead: User) -> None:
    with pytest.raises(HeadMoved):
        merge(opened, lead, head="1" * 40)
    assert PullRequest.objects.get().state == "open"
