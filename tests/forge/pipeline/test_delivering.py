"""The work behind a webhook: what it points at is read at the code host, once, and again if that fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from flagstone.core.errors import Conflict, Forbidden
from flagstone.forge import actions, pipeline, tasks
from flagstone.forge.errors import PermissionDenied, RateLimited, ServerError
from flagstone.forge.hosts.base import Account, MergeMethod, PullRequestSpec
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import (
    CodeHost,
    DeliveryState,
    HostKind,
    PullRequest,
    Repository,
    WebhookDelivery,
)
from flagstone.forge.people import BOT_ACCOUNT
from flagstone.forge.pipeline.delivering import MOST_ATTEMPTS
from flagstone.forge.probes import PROBE_TITLE
from flagstone.forge.signals import commits_judged
from tests.forge.hosts.local.conftest import LEO
from tests.forge.repositories import git, push_by_hand

if TYPE_CHECKING:
    from flagstone.accounts.models import User

REPO = "acme/gitops"
Arrive = Callable[..., WebhookDelivery]
Enqueued = list[tuple[str, object]]


@pytest.fixture
def arrive(gitops: Repository) -> Arrive:
    """Store a delivery, as the web does: `arrive(pull_requests=[1])`."""

    def store(**fields: Any) -> WebhookDelivery:
        usual = {
            "host": gitops.host,
            "delivery_id": str(uuid4()),
            "event": "pull_request",
            "repository_name": REPO,
            "repository": gitops,
            "payload": b"{}",
        }
        row = WebhookDelivery.objects.create(**usual | fields)
        row.refresh_from_db()
        return row

    return store


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The pull requests that were asked of the code host, by number."""
    asked: list[int] = []
    plain = LocalForge.get_pull_request

    def look(self: LocalForge, repository: str, number: int) -> Any:
        asked.append(number)
        return plain(self, repository, number)

    monkeypatch.setattr(LocalForge, "get_pull_request", look)
    return asked


def fresh(delivery: WebhookDelivery) -> WebhookDelivery:
    return WebhookDelivery.objects.get(pk=delivery.pk)


def open_by_hand(bare: Path, scratch: Path, root: Path, *, branch: str = "by-hand") -> str:
    commit = push_by_hand(bare, scratch, {branch: "1\n"}, branch=branch)
    spec = PullRequestSpec("By hand", "", branch, "main", Account("nobody"))
    LocalForge(root).create_pull_request(REPO, spec)
    return commit


def test_a_pull_request_that_an_event_names_is_read_and_recorded(
    arrive: Arrive, bare: Path, root: Path, tmp_path: Path
) -> None:
    open_by_hand(bare, tmp_path, root)
    delivery = arrive(pull_requests=[1])
    pipeline.work_delivery(delivery.pk)
    assert PullRequest.objects.get().title == "By hand"
    after = fresh(delivery)
    assert (after.state, after.attempts, after.error) == ("done", 1, "")
    assert after.worked_at is not None
    assert after.begun_at is not None
    assert after.received_at < after.begun_at <= timezone.now()


def test_what_the_doctor_tries_is_nobodys_work_unless_it_was_merged(
    arrive: Arrive, bare: Path, root: Path, tmp_path: Path
) -> None:
    branch, forge = "flagstone/doctor-0a1b2c3d", LocalForge(root)
    push_by_hand(bare, tmp_path, {"tried": "1\n"}, branch=branch)
    pull = forge.create_pull_request(
        REPO, PullRequestSpec(PROBE_TITLE, "", branch, "main", BOT_ACCOUNT)
    )
    pipeline.work_delivery(arrive(pull_requests=[1], reads_repository=True).pk)
    assert PullRequest.objects.count() == 0
    forge.merge_pull_request(
        REPO, 1, expected_head=pull.head, method=MergeMethod.MERGE, by=BOT_ACCOUNT
    )
    pipeline.work_delivery(arrive(pull_requests=[1]).pk)
    assert PullRequest.objects.get().state == "merged"


def test_a_push_has_the_repository_looked_at(
    arrive: Arrive, bare: Path, tmp_path: Path, root: Path, heard: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:  # fmt: skip
    head = push_by_hand(bare, tmp_path, {"new": "1\n"})
    open_by_hand(bare, tmp_path, root)
    with django_capture_on_commit_callbacks(execute=True):
        pipeline.work_delivery(arrive(reads_repository=True, commits=[head]).pk)
    repository = Repository.objects.get()
    assert repository.head_commit == head
    assert {"repository_id": repository.pk, "branch": "main", "commit": head} in heard
    assert PullRequest.objects.get().number == 1


def test_a_check_of_a_commit_has_the_pull_request_read_whose_head_it_is(
    arrive: Arrive, opened: PullRequest, root: Path, looks: list[int]
) -> None:
    LocalForge(root).close_pull_request(REPO, opened.number, by=LEO)
    looks.clear()
    pipeline.work_delivery(arrive(commits=["1" * 40]).pk)
    assert looks == []
    pipeline.work_delivery(arrive(commits=[opened.head_commit, "1" * 40]).pk)
    assert looks == [opened.number]
    assert PullRequest.objects.get().state == "closed"


def test_listeners_hear_of_the_commits_that_a_check_spoke_of(
    arrive: Arrive, gitops: Repository, django_capture_on_commit_callbacks: Any
) -> None:
    told: list[dict[str, Any]] = []

    def listen(sender: Any, signal: Any, **values: Any) -> None:
        told.append(values)

    commits_judged.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            pipeline.work_delivery(arrive(commits=["1" * 40]).pk)
            pipeline.work_delivery(arrive(pull_requests=[]).pk)
    finally:
        commits_judged.disconnect(listen)
    assert told == [{"repository_id": gitops.pk, "commits": ["1" * 40]}]


def test_row_36_an_old_event_after_a_newer_one_does_no_harm(
    arrive: Arrive, opened: PullRequest, root: Path
) -> None:
    """What an event says is not looked at: it says here that the pull request is open."""
    opened_event = arrive(action="opened", pull_requests=[1], payload=b'{"state": "open"}')
    LocalForge(root).merge_pull_request(
        REPO, 1, expected_head=opened.head_commit, method=MergeMethod.MERGE, by=LEO
    )
    pipeline.work_delivery(arrive(action="closed", pull_requests=[1]).pk)
    pipeline.work_delivery(opened_event.pk)
    assert PullRequest.objects.get().state == "merged"


def test_row_2_a_message_that_comes_three_times_is_worked_once(
    arrive: Arrive, opened: PullRequest, looks: list[int]
) -> None:
    delivery = arrive(pull_requests=[1])
    for _ in range(3):
        tasks.work_delivery(str(delivery.pk), from_a_later_version=True)
    assert looks == [1]
    assert fresh(delivery).attempts == 1
    tasks.work_delivery(str(uuid4()))


def test_of_a_burst_about_one_pull_request_not_every_event_asks_the_code_host(
    arrive: Arrive, opened: PullRequest, looks: list[int]
) -> None:
    burst = [arrive(pull_requests=[1], event="check_run") for _ in range(50)]
    for delivery in burst:
        pipeline.work_delivery(delivery.pk)
    assert looks == [1]
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"done"}
    later = arrive(pull_requests=[1])
    pipeline.work_delivery(later.pk)
    assert looks == [1, 1]


def test_what_another_event_did_not_read_is_read(
    arrive: Arrive, opened: PullRequest, bare: Path, root: Path, tmp_path: Path, looks: list[int]
) -> None:
    open_by_hand(bare, tmp_path, root)
    first, second, push = (
        arrive(pull_requests=[1]),
        arrive(pull_requests=[1, 2]),
        arrive(reads_repository=True),
    )
    looks.clear()
    for delivery in (first, second, push):
        pipeline.work_delivery(delivery.pk)
    assert looks[:3] == [1, 1, 2]
    assert Repository.objects.get().synced_at > push.received_at


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(LocalForge, "get_pull_request", fail)


def test_a_code_host_that_is_down_is_asked_again_with_growing_waits(
    arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, ServerError("gitea answered 502"))
    delivery = arrive(pull_requests=[1])
    waits = []
    for _ in range(MOST_ATTEMPTS):
        WebhookDelivery.objects.update(not_before=timezone.now() - timedelta(seconds=1))
        pipeline.work_delivery(delivery.pk)
        waits.append(round((fresh(delivery).not_before - timezone.now()).total_seconds()))
    after = fresh(delivery)
    assert (after.state, after.attempts, after.error) == ("failed", 8, "gitea answered 502")
    # a fifth more or less, so that many do not come back at once
    assert waits[:-1] == [
        pytest.approx(wait, rel=0.22) for wait in (30, 60, 120, 240, 480, 900, 900)
    ]


def test_row_21_a_wish_to_wait_is_kept_and_is_no_failed_attempt(
    arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, RateLimited("slow down", retry_after=600))
    delivery = arrive(pull_requests=[1])
    for _ in range(2):
        pipeline.work_delivery(delivery.pk)
    after = fresh(delivery)
    assert (after.state, after.attempts, after.error) == ("received", 0, "slow down")
    assert 590 < (after.not_before - timezone.now()).total_seconds() <= 600


def test_what_trying_again_does_not_mend_fails_at_once(
    arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, PermissionDenied("the credential may not read pull requests"))
    delivery = arrive(pull_requests=[1])
    pipeline.work_delivery(delivery.pk)
    after = fresh(delivery)
    assert (after.state, after.attempts) == ("failed", 1)
    assert after.error == "the credential may not read pull requests"


def test_a_repository_that_is_gone_is_what_the_event_was_about(arrive: Arrive, bare: Path) -> None:
    bare.rename(bare.with_name("away"))
    delivery = arrive(event="repository", action="deleted", reads_repository=True)
    pipeline.work_delivery(delivery.pk)
    assert fresh(delivery).state == "done"
    assert Repository.objects.get().problem_code == "forge.repository_gone"


def test_a_repository_that_cannot_be_read_now_is_tried_again(
    arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ServerError("gitea answered 502")

    monkeypatch.setattr(LocalForge, "get_repository", fail)
    delivery = arrive(reads_repository=True)
    pipeline.work_delivery(delivery.pk)
    assert (fresh(delivery).state, fresh(delivery).error) == ("received", "gitea answered 502")


def test_a_repository_that_was_forgotten_meanwhile_leaves_nothing_to_do(arrive: Arrive) -> None:
    delivery = arrive(pull_requests=[1], repository=None)
    pipeline.work_delivery(delivery.pk)
    assert fresh(delivery).state == "done"


def test_row_38_a_lost_message_costs_a_delay(
    arrive: Arrive,
    enqueued: Enqueued,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    long_ago = timezone.now() - timedelta(seconds=30)
    lost = arrive(pull_requests=[1], touched_at=long_ago)
    arrive(pull_requests=[1])
    arrive(pull_requests=[1], touched_at=long_ago, not_before=timezone.now() + timedelta(hours=1))
    for state in ("done", "failed", "ignored"):
        arrive(touched_at=long_ago, state=state)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep_deliveries()
        tasks.sweep_deliveries()
    assert enqueued == [("flagstone.forge.work_delivery", str(lost.pk))]


def test_a_delivery_that_ends_every_worker_is_given_up(
    arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(LocalForge, "get_pull_request", die)
    delivery = arrive(pull_requests=[1])
    for _ in range(MOST_ATTEMPTS):
        WebhookDelivery.objects.update(not_before=timezone.now() - timedelta(seconds=1))
        with pytest.raises(KeyboardInterrupt):
            pipeline.work_delivery(delivery.pk)
    long_ago = timezone.now() - timedelta(minutes=1)
    WebhookDelivery.objects.update(touched_at=long_ago, not_before=long_ago)
    assert pipeline.claim_lost_deliveries() == []
    after = fresh(delivery)
    assert after.state == "failed"
    assert after.error == "It was tried 8 times, and the worker ended before it was done."


def test_deliveries_are_kept_for_thirty_days(arrive: Arrive) -> None:
    for days in (29, 31, 400):
        row = arrive(state=DeliveryState.DONE)
        at = timezone.now() - timedelta(days=days)
        WebhookDelivery.objects.filter(pk=row.pk).update(received_at=at)
    tasks.forget_deliveries()
    [kept] = WebhookDelivery.objects.all()
    assert kept.received_at > timezone.now() - timedelta(days=30)


def test_a_failed_delivery_is_worked_again_by_the_platform_team(
    arrive: Arrive,
    opened: PullRequest,
    admin_user: User,
    member: User,
    enqueued: Enqueued,
    audit_actions: Callable[[], list[str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    failed = arrive(pull_requests=[1], state="failed", attempts=8, error="gone")
    with pytest.raises(Forbidden):
        actions.work_delivery_again(actor=member, delivery=failed)
    with django_capture_on_commit_callbacks(execute=True):
        actions.work_delivery_again(actor=admin_user, delivery=failed)
    assert enqueued[-1] == ("flagstone.forge.work_delivery", str(failed.pk))
    assert audit_actions()[-1] == "forge.delivery_repeated"
    pipeline.work_delivery(failed.pk)
    assert (fresh(failed).state, fresh(failed).attempts) == ("done", 1)
    with pytest.raises(Conflict, match="only failed ones"):
        actions.work_delivery_again(actor=admin_user, delivery=fresh(failed))


def registered(kind: str, name: str, *, minutes: int | None) -> Repository:
    address = "" if kind == HostKind.LOCAL else f"https://{kind}.example.com"
    host, _ = CodeHost.objects.get_or_create(name=kind, kind=kind, web_url=address)
    at = None if minutes is None else timezone.now() - timedelta(minutes=minutes)
    return Repository.objects.create(host=host, full_name=name, head_commit="1" * 40, synced_at=at)


def test_row_37_repositories_elsewhere_are_looked_at_when_no_webhook_told_for_ten_minutes(
    db: None, settings: Any
) -> None:
    local = registered("local", "a/local", minutes=1)
    due = registered("github", "a/due", minutes=11)
    never = registered("github", "a/never", minutes=None)
    young = registered("github", "a/young", minutes=9)
    Repository.objects.create(host=young.host, full_name="a/being-made")
    assert pipeline.claim_due_repositories() == [local.pk, due.pk, never.pk]
    # the workers have not come to them yet: they are not asked twice
    assert pipeline.claim_due_repositories() == [local.pk]
    settings.FLAGSTONE_SYNC_MINUTES = 5
    assert pipeline.claim_due_repositories() == [local.pk, young.pk]


def test_two_workers_at_one_delivery_do_its_work_once(
    arrive: Arrive, opened: PullRequest, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = arrive(pull_requests=[1])
    inner: list[UUID] = []
    plain = LocalForge.get_pull_request

    def meanwhile(self: LocalForge, repository: str, number: int) -> Any:
        inner.append(delivery.pk)
        pipeline.work_delivery(delivery.pk)
        return plain(self, repository, number)

    monkeypatch.setattr(LocalForge, "get_pull_request", meanwhile)
    pipeline.work_delivery(delivery.pk)
    assert (len(inner), looks) == (1, [1])


def test_a_commit_is_none_of_a_closed_pull_request(
    arrive: Arrive, opened: PullRequest, root: Path, bare: Path, looks: list[int]
) -> None:
    LocalForge(root).close_pull_request(REPO, 1, by=LEO)
    pipeline.refresh_pull_request(opened)
    looks.clear()
    pipeline.work_delivery(arrive(commits=[git(bare, "rev-parse", opened.source_branch)]).pk)
    assert looks == []
