from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flagstone.accounts.models import User
from flagstone.forge import pipeline
from flagstone.forge.errors import (
    EmptyRepository,
    InvalidName,
    InvalidPath,
    RepositoryExists,
    RepositoryGone,
    TimedOut,
)
from flagstone.forge.git.changes import FileContent
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import CodeHost, Repository
from tests.forge.pipeline.test_crashes import die, fork_all
from tests.forge.repositories import files_at, git, make_repository


def provision(host: CodeHost, by: User, **fields: Any) -> Repository:
    values = {
        "full_name": "acme/checkout", "description": "Takes money", "source": "run:1",
        "files": {
            "run.sh": FileContent(b"#!/bin/sh\n", executable=True),
            ".github/workflows/ci.yaml": b"on: push\n",
        },
    }  # fmt: skip
    return pipeline.provision_repository(requested_by=by, host=host, **{**values, **fields})


def test_a_repository_is_made_with_its_first_commit(
    host: CodeHost, member: User, root: Path, audit_actions: Callable[[], list[str]]
) -> None:
    repository = provision(host, member)
    bare = root / "acme/checkout.git"
    assert files_at(bare, "main") == {
        ".github/workflows/ci.yaml": "on: push\n",
        "run.sh": "100755 #!/bin/sh\n",
    }
    assert git(bare, "log", "--format=%an|%B", "main") == (
        "mia|Begin checkout\n\nTakes money\n\nRequested-by: mia <mia@noreply.invalid>"
    )
    row = Repository.objects.get()
    assert row == repository
    assert (row.full_name, row.description, row.default_branch, row.head_commit, row.source) == (
        "acme/checkout", "Takes money", "main", git(bare, "rev-parse", "main"), "run:1",
    )  # fmt: skip
    assert audit_actions() == ["forge.repository_created"]


def test_asked_again_by_the_same_it_is_the_same(
    host: CodeHost, member: User, audit_actions: Callable[[], list[str]]
) -> None:
    assert provision(host, member) == provision(host, member)
    assert audit_actions() == ["forge.repository_created"]


@pytest.mark.parametrize(
    ("name", "source"),
    [("acme/checkout", "run:2"), ("acme/CHECKOUT", "run:1"), ("acme/checkout", "")],
)
def test_a_taken_name_is_told(host: CodeHost, member: User, name: str, source: str) -> None:
    provision(host, member)
    with pytest.raises(RepositoryExists, match="There is a repository acme/checkout already"):
        provision(host, member, full_name=name, source=source)
    assert Repository.objects.count() == 1


def test_a_repository_on_disk_that_nobody_registered_is_not_taken_over(
    host: CodeHost, member: User, root: Path
) -> None:
    bare = make_repository(root, {"theirs": "1"}, full_name="acme/checkout")
    with pytest.raises(RepositoryExists):
        provision(host, member)
    assert Repository.objects.count() == 0
    assert files_at(bare, "main") == {"theirs": "1"}


@pytest.mark.parametrize(
    ("fields", "error"),
    [({"full_name": "../x"}, InvalidName), ({"files": {"../x": b""}}, InvalidPath)],
)
def test_what_cannot_be_made_takes_no_name(
    host: CodeHost, member: User, root: Path, fields: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        provision(host, member, **fields)
    assert (Repository.objects.count(), root.exists()) == (0, False)


def test_a_failure_gives_the_name_back(
    host: CodeHost, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise TimedOut("slow")

    monkeypatch.setattr(LocalForge, "create_repository", fail)
    with pytest.raises(TimedOut):
        provision(host, member)
    monkeypatch.undo()
    assert Repository.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("after", [False, True])
def test_a_worker_killed_while_making_it_goes_on(
    host: CodeHost, member: User, root: Path, *, after: bool
) -> None:
    plain = LocalForge.create_repository

    def dying(self: LocalForge, *arguments: Any, **more: Any) -> None:
        if after:
            plain(self, *arguments, **more)
        die()

    def work() -> None:
        LocalForge.create_repository = dying  # type: ignore[method-assign,assignment]
        provision(host, member)

    assert fork_all([work]) == [-signal.SIGKILL]
    assert (root / "acme/checkout.git").exists() is after
    assert Repository.objects.get().head_commit == ""
    repository = provision(host, member)
    assert repository.head_commit == git(root / "acme/checkout.git", "rev-parse", "main")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_the_same_at_once_one_is_told(host: CodeHost, member: User) -> None:
    def work(source: str) -> Callable[[], object]:
        return lambda: provision(host, member, source=source)

    assert sorted(fork_all([work("run:1"), work("run:2")])) == [0, 1]
    assert Repository.objects.get().head_commit != ""


def test_a_repository_that_is_there_is_taken_on_once(
    host: CodeHost, member: User, root: Path, audit_actions: Callable[[], list[str]]
) -> None:
    bare = make_repository(root, {"a": "1"}, full_name="acme/old")
    rows = [
        pipeline.register_existing(requested_by=member, host=host, full_name="acme/old")
        for _ in range(2)
    ]
    assert rows[0] == rows[1]
    assert rows[0].head_commit == git(bare, "rev-parse", "main")
    assert audit_actions() == ["forge.repository_registered"]


def test_what_is_not_there_is_not_taken_on(host: CodeHost, member: User, root: Path) -> None:
    with pytest.raises(RepositoryGone):
        pipeline.register_existing(requested_by=member, host=host, full_name="acme/none")
    (root / "acme").mkdir(parents=True)
    git(root, "init", "--quiet", "--bare", "acme/empty.git")
    with pytest.raises(EmptyRepository):
        pipeline.register_existing(requested_by=member, host=host, full_name="acme/empty")
    assert Repository.objects.count() == 0
