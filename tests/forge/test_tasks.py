from __future__ import annotations

import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from flagstone.forge import tasks
from flagstone.forge.models import ChangeRequest, PullRequest, Repository
from tests.forge.repositories import push_by_hand


def test_a_message_ships_a_change(change: ChangeRequest) -> None:
    tasks.ship_change(str(change.pk), from_a_later_version=True)
    assert PullRequest.objects.get().change_request == change


def test_a_failure_stays_on_the_row_and_out_of_the_worker(
    change: ChangeRequest, bare: Path
) -> None:
    bare.rename(bare.with_name("away"))
    tasks.ship_change(str(change.pk))
    assert ChangeRequest.objects.get().error_code == "forge.repository_gone"


def test_the_sweep_sends_stuck_changes_on_their_way(
    change: ChangeRequest,
    enqueued: list[tuple[str, object]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    ChangeRequest.objects.update(touched_at=timezone.now() - timedelta(minutes=1))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep_changes()
        tasks.sweep_changes()
    assert enqueued == [("flagstone.forge.ship_change", str(change.pk))]


def test_the_sweep_removes_old_workspaces(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "flagstone-workspace-x"
    left.mkdir()
    os.utime(left, (time.time() - 7200,) * 2)
    tasks.sweep_changes()
    assert not left.exists()


def test_every_repository_is_looked_at(
    gitops: Repository,
    bare: Path,
    tmp_path: Path,
    enqueued: list[tuple[str, object]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    head = push_by_hand(bare, tmp_path, {"new": "1"})
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sync_repositories()
    assert enqueued == [("flagstone.forge.sync_repository", gitops.pk)]
    tasks.sync_repository(gitops.pk)
    assert Repository.objects.get().head_commit == head
