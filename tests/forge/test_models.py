from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from flagstone.forge.models import (
    ChangedFile,
    ChangeRequest,
    ChangeState,
    CodeHost,
    HostKind,
    PullRequest,
    Repository,
)


def refused(**fields: Any) -> bool:
    model = fields.pop("model")
    try:
        with transaction.atomic():
            model.objects.create(**fields)
    except IntegrityError:
        return True
    return False


def test_there_is_one_local_code_host(host: CodeHost) -> None:
    assert refused(model=CodeHost, name="second", kind=HostKind.LOCAL)
    with pytest.raises(ValidationError, match="There is a local code host already"):
        CodeHost(name="second", kind=HostKind.LOCAL).full_clean()


def test_names_of_repositories_differ_by_more_than_case(host: CodeHost) -> None:
    Repository.objects.create(host=host, full_name="acme/Checkout")
    assert refused(model=Repository, host=host, full_name="ACME/checkout")
    assert Repository.objects.named("acme/checkout").get().full_name == "acme/Checkout"


def test_a_repository_knows_its_owner_and_name() -> None:
    repository = Repository(full_name="acme/checkout")
    assert (repository.owner, repository.name) == ("acme", "checkout")


def test_only_repositories_that_can_be_read_are_ready(host: CodeHost) -> None:
    Repository.objects.create(host=host, full_name="a/new")
    Repository.objects.create(host=host, full_name="a/gone", head_commit="1", problem="gone")
    fit = Repository.objects.create(host=host, full_name="a/fit", head_commit="1")
    assert list(Repository.objects.ready()) == [fit]
    assert [row.full_name for row in Repository.objects.seen()] == ["a/fit", "a/gone"]


@pytest.mark.parametrize(
    ("state", "is_free"),
    [
        (ChangeState.REQUESTED, False),
        (ChangeState.COMMITTED, False),
        (ChangeState.PUSHED, False),
        (ChangeState.OPENED, False),
        (ChangeState.NEEDS_ATTENTION, False),
        (ChangeState.MERGED, True),
        (ChangeState.CLOSED, True),
        (ChangeState.NO_CHANGE, True),
        (ChangeState.FAILED, True),
    ],
)
def test_one_active_change_has_a_branch(
    change: ChangeRequest, state: ChangeState, *, is_free: bool
) -> None:
    ChangeRequest.objects.filter(pk=change.pk).update(state=state)
    assert (
        refused(
            model=ChangeRequest,
            repository=change.repository,
            title="Other",
            requested_by=change.requested_by,
            branch=change.branch,
            target_branch="main",
        )
        is not is_free
    )


def test_a_path_has_one_content(change: ChangeRequest) -> None:
    assert refused(model=ChangedFile, change_request=change, path="README.md", content=b"")


@pytest.mark.parametrize(
    ("_case", "fields", "is_stuck"),
    [
        ("nobody is at it", {}, True),
        ("somebody just was", {"touched_at": timedelta(seconds=-10)}, False),
        ("it waits", {"not_before": timedelta(seconds=30)}, False),
        ("it is done", {"state": ChangeState.OPENED}, False),
        ("it failed", {"state": ChangeState.FAILED}, False),
        ("half done", {"state": ChangeState.PUSHED}, True),
    ],
)
def test_stuck_changes_are_due_and_untouched(
    change: ChangeRequest, _case: str, fields: dict[str, Any], *, is_stuck: bool
) -> None:
    now = timezone.now()
    values = {"touched_at": now - timedelta(seconds=21), "not_before": now - timedelta(seconds=1)}
    values |= {k: now + v if isinstance(v, timedelta) else v for k, v in fields.items()}
    ChangeRequest.objects.filter(pk=change.pk).update(**values)
    assert ChangeRequest.objects.stuck(now).exists() is is_stuck


@pytest.mark.parametrize(
    ("fields", "is_waiting"),
    [
        ({}, True),
        ({"is_draft": True}, False),
        ({"first_review_at": timezone.now()}, False),
        ({"state": "merged"}, False),
    ],
)
def test_what_waits_for_review(
    opened: PullRequest, fields: dict[str, Any], *, is_waiting: bool
) -> None:
    PullRequest.objects.filter(pk=opened.pk).update(**fields)
    assert PullRequest.objects.waiting_for_review().exists() is is_waiting


def test_a_pull_request_is_written_as_people_write_it(opened: PullRequest) -> None:
    assert str(opened) == "acme/gitops#1"
    assert (opened.is_open, opened.is_merged) == (True, False)
    assert list(PullRequest.objects.open()) == [opened]
    assert list(PullRequest.objects.merged()) == []
