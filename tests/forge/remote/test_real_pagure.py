"""Rows 1 to 3, 10, 19, 20 and 37 of the fault matrix on a real Pagure: one of everything, whatever befalls a worker."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.core.errors import Conflict
from flagstone.forge import connections, pipeline
from flagstone.forge.credentials import keep_secret
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.hosts.markers import marked_change
from flagstone.forge.hosts.rest.transport import Transport
from flagstone.forge.models import (
    ChangeRequest,
    CodeHost,
    HostKind,
    PullRequest,
    Repository,
    SecretPurpose,
)
from flagstone.forge.pipeline import shipping
from tests.forge.hosts.pagure.worlds import BOT, TOKENS
from tests.forge.hosts.pagure.worlds import World as Pagure
from tests.forge.pipeline.test_crashes import BUSY, dying, fork_all, ship_when_free
from tests.real_forge.pagure import be_patient, pagure_or_skip
from tests.waiting import comes_true

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.real_forge,
    pytest.mark.slow,
]
README = "README.md"


@pytest.fixture(scope="module")
def pagure() -> Iterator[Pagure]:
    with pagure_or_skip() as real:
        yield Pagure(f"{real.url}/api/0", real.url, real.repositories, is_real=True)


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch)


@dataclass
class Place:
    """A repository on it, and a change of ours that is to get there."""

    pagure: Pagure
    repository: Repository
    change: ChangeRequest

    def pulls(self) -> list[HostPullRequest]:
        forge, name = connections.connect(self.repository.host), self.repository.full_name
        return [
            forge.get_pull_request(name, touch.number)
            for touch in forge.touched_pull_requests(name)
        ]

    def assert_once(self) -> None:
        """Assert that the change has its branch, with its commit, and one open pull request."""
        change = ChangeRequest.objects.get(pk=self.change.pk)
        heads = self.pagure.bare(self.repository.full_name).heads()
        assert sorted(heads) == sorted([change.branch, "main"])
        assert heads[change.branch] == change.commit
        [pull] = self.pulls()
        assert (pull.state, pull.source, marked_change(pull.body)) == (
            "open",
            change.branch,
            change.pk,
        )
        row = PullRequest.objects.get()
        assert (change.state, change.pull_request, row.number) == ("opened", row, pull.number)


@pytest.fixture
def place(pagure: Pagure, member: User) -> Place:
    name = pagure.new_repository({README: "hello\n"})
    host = CodeHost.objects.create(
        name="real", kind=HostKind.PAGURE, web_url=pagure.web_url, user_name=BOT
    )
    keep_secret(host, SecretPurpose.TOKEN, TOKENS[BOT])
    repository = Repository.objects.create(
        host=host, full_name=name, default_branch="main", head_commit=pagure.head(name) or ""
    )
    change = pipeline.record_change(
        requested_by=member,
        repository=repository,
        title="Say goodbye",
        body="Why not.",
        files={README: b"bye\n"},
        source="test:1",
    )
    return Place(pagure, repository, change)


POINTS: dict[str, Callable[[], None]] = {
    "after the push": dying(GitWorkspace, "push", after=True),
    "after the pull request is opened": dying(Transport, "write", after=True),
}


@pytest.mark.parametrize("point", POINTS)
def test_row_1_a_worker_killed_anywhere_leaves_one_of_everything(place: Place, point: str) -> None:
    def work() -> None:
        POINTS[point]()
        pipeline.ship(place.change.pk)

    assert fork_all([work]) == [-signal.SIGKILL]
    assert ship_when_free(place.change.pk)
    place.assert_once()


def test_row_2_the_same_message_three_times_at_once_ships_once(place: Place) -> None:
    endings = fork_all([lambda: pipeline.ship(place.change.pk)] * 3)
    assert set(endings) <= {0, BUSY}
    assert 0 in endings
    place.assert_once()


def test_row_3_a_worker_that_wakes_after_another_took_over_changes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shipping, "_alone", lambda _: contextlib.nullcontext())

    is_paused, is_over = tmp_path / "paused", tmp_path / "over"

    def paused() -> None:
        plain = GitWorkspace.push

        def push(self: GitWorkspace, *arguments: object, **more: object) -> object:
            is_paused.touch()
            comes_true(is_over.exists)
            return plain(self, *arguments, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(GitWorkspace, "push", push)
        pipeline.ship(place.change.pk)

    def another() -> None:
        assert comes_true(is_paused.exists)
        try:
            pipeline.ship(place.change.pk)
        finally:
            is_over.touch()

    endings = fork_all([paused, another])
    assert set(endings) <= {0, BUSY}
    with contextlib.suppress(Conflict):
        ship_when_free(place.change.pk)
    place.assert_once()


def test_row_10_a_branch_with_somebody_else_s_commit_is_left_alone(place: Place) -> None:
    theirs = place.pagure.put(
        place.repository.full_name, {README: "mine\n"}, branch=place.change.branch
    )
    with pytest.raises(Conflict):
        pipeline.ship(place.change.pk)
    assert ChangeRequest.objects.get().state == "needs_attention"
    assert place.pagure.head(place.repository.full_name, place.change.branch) == theirs
    assert place.pulls() == []


def test_row_19_20_and_37_what_no_webhook_told_is_found_and_nothing_is_opened_anew(
    place: Place,
) -> None:
    pipeline.ship(place.change.pk)
    row, name = PullRequest.objects.get(), place.repository.full_name
    merged = place.pagure.merge(name, row.number, row.head_commit)
    due = timezone.now() - timedelta(hours=1)
    Repository.objects.update(synced_at=due)
    pipeline.sync_repository(place.repository.pk)
    row.refresh_from_db()
    assert (row.state, row.merge_commit) == ("merged", merged.merge)
    assert ChangeRequest.objects.get().state == "merged"
    pipeline.ship(place.change.pk)
    assert [pull.state for pull in place.pulls()] == ["merged"]
