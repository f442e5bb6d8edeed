from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from flagstone.accounts.models import User
from flagstone.core.errors import Conflict
from flagstone.forge import pipeline
from flagstone.forge.errors import EmptyChange, EmptyRepository, InvalidPath
from flagstone.forge.git.changes import FileContent
from flagstone.forge.models import ChangedFile, ChangeRequest, ChangeState, Repository

CHANGE = UUID("abcdef12-0000-4000-8000-000000000000")


def record(repository: Repository, member: User, **fields: Any) -> ChangeRequest:
    values = {
        "title": "Add checkout", "body": " Why. ", "files": {"a.yaml": b"1"}, "source": "run:1",
        "change_id": CHANGE,
    }  # fmt: skip
    return pipeline.record_change(
        requested_by=member, repository=repository, **{**values, **fields}
    )


def test_a_change_is_stored_with_its_files(
    gitops: Repository, member: User, audit_actions: Callable[[], list[str]]
) -> None:
    files = {
        "a.yaml": b"\x00\xff",
        "run.sh": FileContent(b"#!/bin/sh\n", executable=True),
        "old.yaml": None,
    }
    change = record(gitops, member, files=files, labels=("b", "a", "b"), title=" Add\n checkout ")
    change = ChangeRequest.objects.get(pk=change.pk)
    assert (change.pk, change.title, change.body, change.labels) == (
        CHANGE, "Add checkout", "Why.", ["a", "b"],
    )  # fmt: skip
    assert (change.branch, change.target_branch) == ("flagstone/add-checkout-abcdef12", "main")
    assert (change.author_name, change.author_email) == ("mia", "mia@noreply.invalid")
    assert change.state == ChangeState.REQUESTED
    assert change.change_set().files == {
        "a.yaml": FileContent(b"\x00\xff"),
        "old.yaml": None,
        "run.sh": FileContent(b"#!/bin/sh\n", executable=True),
    }
    assert audit_actions() == ["forge.repository_registered", "forge.change_requested"]


def test_the_same_change_with_the_same_id_is_stored_once(
    gitops: Repository, member: User, audit_actions: Callable[[], list[str]]
) -> None:
    assert record(gitops, member) == record(gitops, member)
    assert (ChangeRequest.objects.count(), ChangedFile.objects.count()) == (1, 1)
    assert audit_actions().count("forge.change_requested") == 1


@pytest.mark.parametrize(
    "other",
    [
        {"files": {"a.yaml": b"2"}},
        {"files": {"a.yaml": FileContent(b"1", executable=True)}},
        {"files": {"a.yaml": None}},
        {"title": "Other"},
        {"body": "Other"},
        {"labels": ("x",)},
        {"source": "run:2"},
    ],
)
def test_an_id_is_not_used_for_another_change(
    gitops: Repository, member: User, other: dict[str, Any]
) -> None:
    record(gitops, member)
    with pytest.raises(Conflict) as caught:
        record(gitops, member, **other)
    assert caught.value.code == "forge.change_id_reused"
    assert bytes(ChangedFile.objects.get().content) == b"1"


def test_without_an_id_two_changes_are_two(gitops: Repository, member: User) -> None:
    one, two = record(gitops, member, change_id=None), record(gitops, member, change_id=None)
    assert one.branch != two.branch


@pytest.mark.parametrize(
    ("title", "branch"),
    [
        ("../../x", "flagstone/x-abcdef12"),
        ("日本語", "flagstone/change-abcdef12"),
        ("-rf --force", "flagstone/rf-force-abcdef12"),
        ("A" * 90, f"flagstone/{'a' * 40}-abcdef12"),
        ("{{ 7*7 }}.lock", "flagstone/77-lock-abcdef12"),
    ],
)
def test_no_title_makes_an_odd_branch(
    gitops: Repository, member: User, title: str, branch: str
) -> None:
    assert record(gitops, member, title=title).branch == branch


def test_a_long_title_is_cut(gitops: Repository, member: User) -> None:
    assert record(gitops, member, title="x" * 300).title == "x" * 200


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({}, EmptyChange),
        ({"../x": b""}, InvalidPath),
        ({".github/workflows/evil.yaml": b""}, InvalidPath),
    ],
)
def test_what_cannot_be_shipped_is_refused_and_nothing_is_stored(
    gitops: Repository, member: User, files: dict[str, bytes], error: type[Exception]
) -> None:
    with pytest.raises(error):
        record(gitops, member, files=files)
    assert ChangeRequest.objects.count() == 0


def test_a_repository_without_a_default_branch_takes_no_change(
    gitops: Repository, member: User
) -> None:
    gitops.default_branch = ""
    with pytest.raises(EmptyRepository):
        record(gitops, member)
