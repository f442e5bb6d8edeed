"""From the click to a healthy service: opened, merged where the policy lets it, watched, and told as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.catalog.models import Entity
from flagstone.core.models import AuditEntry
from flagstone.delivery import actions, pipeline, receivers, tasks
from flagstone.delivery.models import Rollback
from flagstone.forge import actions as forge_actions
from flagstone.forge.errors import PolicyRejected, TransportError
from flagstone.forge.hosts.base import CommitStatus, StatusState
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import ChangeRequest, PullRequest
from flagstone.forge.pipeline import refresh_pull_request
from flagstone.gate.pull_requests.judging import judge
from flagstone.gate.verdict import Decision
from tests.delivery.conftest import BAD, GOOD, REASON, ROLLOUT
from tests.forge.repositories import files_at, git, push_by_hand

pytestmark = pytest.mark.django_db(transaction=True)
REPO = "acme/gitops"
Ask = Callable[..., Rollback]


def fresh(rollback: Rollback) -> Rollback:
    return Rollback.objects.get(pk=rollback.pk)


def carried_out(rollback: Rollback) -> Rollback:
    pipeline.carry_out(rollback.pk)
    return fresh(rollback)


def say(
    root: Path, commit: str, context: str, state: StatusState, *, after: float = 0.0, text: str = ""
) -> None:
    at = timezone.now() + timedelta(seconds=after)
    LocalForge(root).set_commit_status(REPO, commit, CommitStatus(context, state, text, at))


def audited(*actions: str) -> list[tuple[str, str]]:
    rows = AuditEntry.objects.filter(action__startswith="delivery.").order_by("sequence")
    return [(row.action.removeprefix("delivery.rollback_"), row.actor) for row in rows]


def test_a_lead_s_rollback_is_opened_and_merged_at_once_and_alone_as_an_emergency(
    ask: Ask, lead: User, bare: Path
) -> None:
    rollback = carried_out(ask(lead))
    assert rollback.state == "merged"
    assert files_at(bare, "main")[ROLLOUT] == GOOD
    pull = PullRequest.objects.get()
    assert (pull.title, pull.labels, pull.state) == ('Revert "Release 2"', ["rollback"], "merged")
    assert rollback.merge_commit == pull.merge_commit == git(bare, "rev-parse", "main")
    assert rollback.opened_at
    assert rollback.merged_at
    assert rollback.clicked_at <= rollback.opened_at <= rollback.merged_at
    assert rollback.is_merged_alone
    assert audited() == [
        ("requested", "leo"),
        ("open", "flagstone"),
        ("merged_alone", "leo"),
        ("merged", "flagstone"),
    ]
    alone = AuditEntry.objects.get(action="delivery.rollback_merged_alone")
    assert alone.data == {"rollback": str(rollback.pk), "reason": REASON}


def test_a_member_s_rollback_waits_for_somebody_else_and_is_then_merged_by_itself(
    ask: Ask, member: User, lead: User, bare: Path, enqueued: list[Any]
) -> None:
    rollback = carried_out(ask(member))
    assert (rollback.state, rollback.note_code) == ("open", "delivery.needs_approval")
    assert rollback.note == (
        "Waits for an approval here by somebody other than mia; then it is merged by itself."
    )
    assert files_at(bare, "main")[ROLLOUT] == BAD
    enqueued.clear()
    forge_actions.approve_pull_request(actor=lead, pull_request=PullRequest.objects.get())
    assert ("flagstone.delivery.carry_out", (str(rollback.pk),)) in enqueued
    rollback = carried_out(rollback)
    assert (rollback.state, rollback.is_merged_alone, rollback.note) == ("merged", False, "")
    assert files_at(bare, "main")[ROLLOUT] == GOOD
    assert "merged_alone" not in dict(audited())


def test_the_setting_takes_leads_the_right_to_merge_alone(
    ask: Ask, lead: User, settings: Any, bare: Path
) -> None:
    settings.FLAGSTONE_ROLLBACK_ALONE = False
    rollback = carried_out(ask(lead))
    assert (rollback.state, rollback.note_code) == ("open", "delivery.needs_approval")
    assert files_at(bare, "main")[ROLLOUT] == BAD


def test_an_approval_of_commits_that_are_not_the_last_ones_does_not_count(
    ask: Ask, member: User, lead: User, bare: Path, tmp_path: Path
) -> None:
    rollback = carried_out(ask(member))
    pull = PullRequest.objects.get()
    forge_actions.approve_pull_request(actor=lead, pull_request=pull)
    branch = pull.source_branch
    push_by_hand(bare, tmp_path, {ROLLOUT: "evil\n"}, branch=branch, start=branch)
    rollback = carried_out(rollback)
    assert (rollback.state, rollback.note_code) == ("open", "delivery.foreign_commits")
    assert rollback.note.endswith("Look at them, and merge the pull request by hand.")
    assert files_at(bare, "main")[ROLLOUT] == BAD


def test_without_the_wish_to_merge_people_merge_it(
    ask: Ask, lead: User, member: User, enqueued: list[Any]
) -> None:
    rollback = carried_out(ask(member, merge=False))
    assert (rollback.state, rollback.note) == ("open", "")
    enqueued.clear()
    forge_actions.merge_pull_request(actor=lead, pull_request=PullRequest.objects.get())
    assert ("flagstone.delivery.carry_out", (str(rollback.pk),)) in enqueued
    assert carried_out(rollback).state == "merged"


def test_a_closed_pull_request_ends_it_and_another_one_may_be_asked_for(
    ask: Ask, member: User
) -> None:
    rollback = carried_out(ask(member))
    forge_actions.close_pull_request(actor=member, pull_request=PullRequest.objects.get())
    rollback = carried_out(rollback)
    assert (rollback.state, rollback.kept_promise) == ("closed", None)
    assert rollback.ended_at == PullRequest.objects.get().closed_at
    assert (rollback.job.state, rollback.job.error) == (
        "failed", "Its pull request was closed without being merged.",
    )  # fmt: skip
    assert ask(member).pk != rollback.pk


def test_branch_protection_that_wants_an_approval_is_no_failure_and_is_tried_again(
    ask: Ask, lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = LocalForge.merge_pull_request

    def protected(*_: Any, **__: Any) -> None:
        raise PolicyRejected("At least 1 approving review is required.")

    monkeypatch.setattr(LocalForge, "merge_pull_request", protected)
    now = timezone.now()
    rollback = carried_out(ask(lead))
    assert (rollback.state, rollback.note_code) == ("open", "delivery.host_waits")
    assert rollback.note == (
        "Waits for an approval or a check at local: At least 1 approving review is required."
    )
    assert timedelta(seconds=29) < rollback.not_before - now < timedelta(seconds=40)
    monkeypatch.setattr(LocalForge, "merge_pull_request", plain)
    with time_machine.travel(now + timedelta(seconds=60)):
        assert pipeline.claim_due() == [rollback.pk]
    assert carried_out(rollback).state == "merged"
    assert dict(audited())["merged_alone"] == "leo"
    assert [action for action, _ in audited()].count("merged_alone") == 1


def test_a_merge_in_the_meantime_that_conflicts_is_told(
    ask: Ask, member: User, lead: User, bare: Path, tmp_path: Path
) -> None:
    rollback = carried_out(ask(member))
    push_by_hand(bare, tmp_path, {ROLLOUT: BAD.replace("broken", "mended")})
    forge_actions.approve_pull_request(actor=lead, pull_request=PullRequest.objects.get())
    rollback = carried_out(rollback)
    assert (rollback.state, rollback.note_code) == ("open", "forge.merge_conflict")
    assert ROLLOUT in rollback.note


def test_a_code_host_that_is_away_is_tried_again(
    ask: Ask, lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = LocalForge.merge_pull_request

    def away(*_: Any, **__: Any) -> None:
        raise TransportError("It did not answer.")

    monkeypatch.setattr(LocalForge, "merge_pull_request", away)
    rollback = ask(lead)
    with pytest.raises(TransportError):
        pipeline.carry_out(rollback.pk)
    assert (fresh(rollback).state, fresh(rollback).note) == ("open", "It did not answer.")
    tasks.carry_out(str(rollback.pk))  # a worker goes on
    monkeypatch.setattr(LocalForge, "merge_pull_request", plain)
    assert carried_out(rollback).state == "merged"


def test_a_pull_request_that_cannot_be_opened_fails_it_and_it_can_be_tried_again(
    ask: Ask, lead: User, bare: Path
) -> None:
    rollback = ask(lead)
    branch = rollback.change_request.branch
    git(bare, "branch", branch, "main")
    rollback = carried_out(rollback)
    assert (rollback.state, rollback.note_code) == ("failed", "forge.branch_occupied")
    assert rollback.job.error.startswith(f"The branch {branch} of acme/gitops holds a commit")
    git(bare, "branch", "-D", branch)
    actions.resume_rollback(actor=lead, rollback=rollback)
    assert (fresh(rollback).state, fresh(rollback).job.state) == ("asked", "running")
    assert carried_out(rollback).state == "merged"


# --- health


@pytest.fixture
def merged(ask: Ask, lead: User) -> Rollback:
    return carried_out(ask(lead))


def test_argo_cd_s_success_on_the_merge_is_health(merged: Rollback, root: Path) -> None:
    assert (merged.state, merged.kept_promise) == ("merged", None)
    say(root, merged.merge_commit, "argocd/quote", StatusState.SUCCESS, after=200)
    healthy = carried_out(merged)
    assert (healthy.state, healthy.health_source) == ("healthy", "argocd/quote")
    assert healthy.took
    assert timedelta(seconds=199) < healthy.took < timedelta(seconds=230)
    assert healthy.kept_promise is True
    assert healthy.job.state == "succeeded"
    entry = AuditEntry.objects.get(action="delivery.rollback_healthy")
    assert entry.data["health_source"] == "argocd/quote"
    assert healthy.healthy_at
    assert entry.data["healthy_at"] == healthy.healthy_at.isoformat()


def test_a_code_host_whose_clock_goes_wrong_is_measured_by_its_own(
    ask: Ask, lead: User, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour behind: the merge seems to come before the click, and the word on health before the merge."""
    behind = timedelta(hours=-1)
    monkeypatch.setattr(
        "flagstone.forge.connections.LocalForge",
        lambda where: LocalForge(where, now=lambda: timezone.now() + behind),
    )
    rollback = carried_out(ask(lead))
    assert rollback.state == "merged"
    assert rollback.merged_at
    assert timedelta() <= rollback.merged_at - rollback.clicked_at < timedelta(seconds=30)
    at = behind.total_seconds() + 200
    say(root, rollback.merge_commit, "argocd/quote", StatusState.SUCCESS, after=at)
    healthy = carried_out(rollback)
    assert healthy.took
    assert timedelta(seconds=195) < healthy.took < timedelta(seconds=230)


def test_health_after_the_promised_time_is_late(merged: Rollback, root: Path) -> None:
    say(root, merged.merge_commit, "argocd/quote", StatusState.SUCCESS, after=601)
    assert carried_out(merged).kept_promise is False


def test_argo_cd_s_own_name_of_the_service_counts(
    merged: Rollback, root: Path, service: Entity
) -> None:
    Entity.objects.filter(pk=service.pk).update(annotations={"argocd/app-name": "quote-prod"})
    say(root, merged.merge_commit, "argocd/quote", StatusState.SUCCESS)
    assert carried_out(merged).state == "merged"
    say(root, merged.merge_commit, "continuous-delivery/quote-prod", StatusState.SUCCESS)
    assert carried_out(merged).state == "healthy"


def test_health_on_a_later_commit_that_holds_the_merge_counts(
    merged: Rollback, root: Path, bare: Path, tmp_path: Path
) -> None:
    """Argo CD may have gone straight to a commit that came right after."""
    later = push_by_hand(bare, tmp_path, {"README.md": "3\n"})
    say(root, later, "argocd/quote", StatusState.SUCCESS)
    assert carried_out(merged).state == "healthy"


def test_health_of_a_commit_without_the_merge_says_nothing(
    merged: Rollback, root: Path, bad: str, bare: Path
) -> None:
    say(root, bad, "argocd/quote", StatusState.SUCCESS, after=5)
    pipeline.carry_out(merged.pk, commits=[bad, "1" * 40])
    assert fresh(merged).state == "merged"


def test_a_commit_between_the_merge_and_the_newest_counts_when_a_check_speaks_of_it(
    merged: Rollback, root: Path, bare: Path, tmp_path: Path
) -> None:
    between = push_by_hand(bare, tmp_path, {"README.md": "3\n"})
    push_by_hand(bare, tmp_path, {"README.md": "4\n"})
    say(root, between, "argocd/quote", StatusState.SUCCESS)
    assert carried_out(merged).state == "merged"
    pipeline.carry_out(merged.pk, commits=[between])
    assert fresh(merged).state == "healthy"


def test_a_bad_word_is_shown_and_watched_on(merged: Rollback, root: Path) -> None:
    say(root, merged.merge_commit, "argocd/quote", StatusState.FAILURE, text="2 pods crash")
    degraded = carried_out(merged)
    assert (degraded.state, degraded.health_note) == ("merged", "failure: 2 pods crash")
    say(root, merged.merge_commit, "argocd/quote", StatusState.PENDING, after=5)
    assert carried_out(merged).health_note == ""
    say(root, merged.merge_commit, "argocd/quote", StatusState.SUCCESS, after=10)
    assert carried_out(merged).state == "healthy"


def test_silence_for_an_hour_is_told_as_silence_and_never_as_health(
    merged: Rollback, root: Path, lead: User
) -> None:
    assert merged.merged_at
    with time_machine.travel(merged.merged_at + timedelta(minutes=59)):
        silent = carried_out(merged)
        assert (silent.state, silent.kept_promise) == ("merged", False)
    with time_machine.travel(merged.merged_at + timedelta(minutes=61)):
        silent = carried_out(merged)
        assert (silent.state, silent.healthy_at, silent.kept_promise) == ("unreported", None, None)
        assert silent.job.error == "It is merged, and nobody reported health."
        assert pipeline.claim_due() == []
        say(root, merged.merge_commit, "argocd/quote", StatusState.SUCCESS)
        assert carried_out(merged).state == "healthy"
        assert fresh(merged).job.state == "succeeded"


def test_a_bad_word_that_stands_for_an_hour_is_told_as_one(merged: Rollback, root: Path) -> None:
    assert merged.merged_at
    say(root, merged.merge_commit, "argocd/quote", StatusState.ERROR, text="sync failed")
    with time_machine.travel(merged.merged_at + timedelta(minutes=61)):
        bad = carried_out(merged)
    assert (bad.state, bad.health_note, bad.kept_promise) == (
        "unhealthy", "error: sync failed", False,
    )  # fmt: skip


def test_a_word_on_commits_has_those_looked_at_that_wait_for_health(
    merged: Rollback, gitops: Any, enqueued: list[Any]
) -> None:
    enqueued.clear()
    receivers.look_at_health(None, repository_id=gitops.pk, commits=["1" * 40])
    receivers.look_at_health(None, repository_id=gitops.pk + 1, commits=["1" * 40])
    assert enqueued == [("flagstone.delivery.carry_out", (str(merged.pk), ["1" * 40]))]
    actions.report_healthy(actor=merged.asked_by, rollback=merged)
    enqueued.clear()
    receivers.look_at_health(None, repository_id=gitops.pk, commits=["1" * 40])
    assert enqueued == []


def test_the_sweep_takes_each_one_once_in_thirty_seconds(
    merged: Rollback, enqueued: list[Any]
) -> None:
    enqueued.clear()
    tasks.sweep_rollbacks()
    tasks.sweep_rollbacks()
    assert enqueued == [("flagstone.delivery.carry_out", (str(merged.pk),))]
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert pipeline.claim_due() == [merged.pk]


def test_the_change_request_knows_its_rollback(merged: Rollback) -> None:
    assert ChangeRequest.objects.get().rollback == merged


def test_its_size_does_not_count_for_the_gate_while_nobody_has_added_to_it(
    ask: Ask, member: User, bare: Path, tmp_path: Path
) -> None:
    carried_out(ask(member))
    pull = PullRequest.objects.get()
    PullRequest.objects.update(size=5_000)
    [reason, *_] = judge(PullRequest.objects.get())
    assert (reason.code, reason.state) == ("pull_request.rollback", Decision.GO)
    branch = pull.source_branch
    push_by_hand(bare, tmp_path, {"more.txt": "1\n" * 500}, branch=branch, start=branch)
    refresh_pull_request(pull)
    [reason, *_] = judge(PullRequest.objects.get())
    assert (reason.code, reason.state) == ("pull_request.too_large", Decision.STOP)
