"""Asking for a rollback: who may, what is refused, and that asking twice gives one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flagstone.accounts.models import User
from flagstone.catalog.models import Entity
from flagstone.core.errors import Conflict, Forbidden, UserError
from flagstone.core.models import AuditEntry, Job
from flagstone.delivery import actions, pipeline
from flagstone.delivery.models import Rollback
from flagstone.forge.errors import MergeConflict, NotAllowed, NothingBefore
from flagstone.forge.models import ChangeRequest, Repository, RepositoryRole
from flagstone.forge.revert_plans import plan_revert
from tests.delivery.conftest import BAD, FOLDER, GOOD, REASON, ROLLOUT
from tests.forge.repositories import git, push_by_hand

pytestmark = pytest.mark.django_db(transaction=True)
Ask = Callable[..., Rollback]


def nothing_was_asked_for() -> bool:
    return not (Rollback.objects.exists() or ChangeRequest.objects.exists() or Job.objects.exists())


def test_the_last_change_of_the_folder_is_asked_to_be_taken_back(
    ask: Ask, member: User, bad: str, bare: Path, enqueued: list[Any]
) -> None:
    rollback = ask(member)
    assert (rollback.state, rollback.reverted_commit, rollback.reverted_title) == (
        "asked", bad, "Release 2",
    )  # fmt: skip
    assert (rollback.reverted_author, rollback.folder) == ("Hand", FOLDER)
    assert rollback.promised_by - rollback.clicked_at == timedelta(minutes=10)
    change = rollback.change_request
    assert (change.title, change.labels) == ('Revert "Release 2"', ["rollback"])
    assert change.source == f"rollback:{rollback.pk}"
    assert change.based_on == git(bare, "rev-parse", "main")
    assert {file.path: bytes(file.content or b"").decode() for file in change.files.all()} == {
        ROLLOUT: GOOD
    }
    assert change.body.startswith(f"> {REASON}\n\nTakes {bad[:12]} back (“Release 2”, Hand, ")
    assert change.body.endswith(
        f" UTC), below services/quote alone. mia asked for it: http://127.0.0.1:8000/rollbacks/{rollback.pk}"
    )
    assert enqueued == [("flagstone.delivery.carry_out", (str(rollback.pk),))]
    assert (rollback.job.title, rollback.job.state) == ("Roll back Quotes", "running")


def test_it_stands_in_the_audit_chain_with_its_reason(ask: Ask, member: User, bad: str) -> None:
    rollback = ask(member, merge=False)
    entry = AuditEntry.objects.get(action="delivery.rollback_requested")
    assert (entry.actor, entry.subject) == ("mia", "component:default/quote")
    assert entry.data == {
        "rollback": str(rollback.pk),
        "commit": bad,
        "title": "Release 2",
        "reason": REASON,
        "merge": False,
        "change": str(rollback.change_request_id),
    }


def test_the_title_is_that_of_the_pull_request_that_brought_it(
    ask: Ask, member: User, gitops: Repository, open_and_merge: Callable[..., str]
) -> None:
    merged = open_and_merge({ROLLOUT: BAD.replace("line9: 1", "line9: 9").encode()}, "Tune line 9")
    rollback = ask(member)
    assert (rollback.reverted_commit, rollback.reverted_title) == (merged, "Tune line 9")
    assert rollback.reverted_author == "mia"


@pytest.mark.parametrize("reason", ["", "   ", "oops", "x" * 501], ids=len)
def test_a_reason_is_required(ask: Ask, member: User, reason: str) -> None:
    with pytest.raises(UserError):
        ask(member, reason=reason)
    assert nothing_was_asked_for()


def test_a_viewer_may_not(ask: Ask, stranger: User) -> None:
    with pytest.raises(Forbidden):
        ask(stranger)
    assert nothing_was_asked_for()


def test_a_service_without_a_folder_in_a_gitops_repository_has_nothing_to_roll_back(
    ask: Ask, member: User, service: Entity
) -> None:
    Repository.objects.update(role=RepositoryRole.CATALOG)
    service = Entity.objects.get()
    with pytest.raises(UserError, match=r"^Quotes has no folder in a GitOps repository") as caught:
        ask(member, service=service)
    assert caught.value.code == "delivery.no_gitops_folder"


def test_a_catalogue_file_elsewhere_leads_to_the_folder_of_the_service_s_name(
    ask: Ask, member: User, service: Entity, bad: str
) -> None:
    Entity.objects.filter(pk=service.pk).update(source_path="catalog-info.yaml")
    service.refresh_from_db()
    assert ask(member).reverted_commit == bad


def test_pressing_twice_gives_the_one_rollback(ask: Ask, member: User) -> None:
    first = ask(member, key="k")
    assert ask(member, key="k").pk == first.pk
    assert (Rollback.objects.count(), ChangeRequest.objects.count(), Job.objects.count()) == (
        1, 1, 1,
    )  # fmt: skip
    with pytest.raises(Conflict) as caught:
        ask(member, key="k", reason="Another reason")
    assert caught.value.code == "delivery.idempotency_key_reused"


def test_the_key_holds_when_the_rollback_is_over(ask: Ask, lead: User, bare: Path) -> None:
    first = ask(lead, key="k")
    pipeline.carry_out(first.pk)
    assert Rollback.objects.get().state == "merged"
    assert ask(lead, key="k").pk == first.pk


def test_two_people_at_once_get_the_one_rollback(ask: Ask, member: User, lead: User) -> None:
    first = ask(member, key="k")
    assert ask(lead, key="l").pk == first.pk
    assert Rollback.objects.count() == 1


def test_another_change_waits_for_the_pending_rollback(
    ask: Ask, member: User, bare: Path, tmp_path: Path
) -> None:
    ask(member)
    push_by_hand(bare, tmp_path, {f"{FOLDER}/new.yaml": "n: 1\n"})
    with pytest.raises(Conflict, match=r"^mia is rolling Quotes back already \(“Release 2”\)"):
        ask(member)


def test_a_folder_that_changed_since_it_was_looked_at_is_looked_at_again(
    ask: Ask, member: User, gitops: Repository, bare: Path, tmp_path: Path, bad: str
) -> None:
    seen = plan_revert(gitops, FOLDER).tree
    push_by_hand(bare, tmp_path, {"README.md": "3\n"})  # elsewhere: nothing to look at
    push_by_hand(bare, tmp_path, {f"{FOLDER}/new.yaml": "n: 1\n"}, message="Fix it forward")
    with pytest.raises(Conflict) as caught:
        ask(member, seen=seen, commit=bad)
    assert caught.value.code == "delivery.folder_moved"
    assert "“Fix it forward” of Hand is its last change now." in caught.value.message
    assert nothing_was_asked_for()


def test_a_change_elsewhere_since_then_is_no_reason_to_look_again(
    ask: Ask, member: User, gitops: Repository, bare: Path, tmp_path: Path, bad: str
) -> None:
    seen = plan_revert(gitops, FOLDER).tree
    push_by_hand(bare, tmp_path, {"README.md": "3\n"})
    assert ask(member, seen=seen, commit=bad).reverted_commit == bad


def test_a_conflict_is_refused_before_anything_is_written(
    ask: Ask, member: User, bare: Path, tmp_path: Path, bad: str
) -> None:
    push_by_hand(bare, tmp_path, {ROLLOUT: BAD.replace("broken", "mended")})
    with pytest.raises(MergeConflict, match=ROLLOUT):
        ask(member, commit=bad)
    assert nothing_was_asked_for()


def test_what_brought_the_service_in_is_not_rolled_back(
    ask: Ask, member: User, bare: Path, bad: str
) -> None:
    with pytest.raises(NothingBefore):
        ask(member, commit=git(bare, "rev-parse", f"{bad}^"))
    assert nothing_was_asked_for()


def test_a_rollback_is_only_rolled_back_by_its_name(ask: Ask, lead: User, bare: Path) -> None:
    """A script that asks again and again would bring the bad change back every other time."""
    first = ask(lead)
    pipeline.carry_out(first.pk)
    first.refresh_from_db()
    with pytest.raises(Conflict) as caught:
        ask(lead)
    assert caught.value.code == "delivery.last_is_rollback"
    assert first.merge_commit in caught.value.message
    again = ask(lead, commit=first.merge_commit)
    assert again.change_request.title == 'Revert "Revert "Release 2""'
    pipeline.carry_out(again.pk)
    assert git(bare, "show", f"main:{ROLLOUT}") == BAD.strip()


def test_somebody_else_s_rollback_is_merged_by_a_second_person(
    ask: Ask, member: User, make_user: Callable[..., User], bare: Path
) -> None:
    rollback = ask(member, merge=False)
    pipeline.carry_out(rollback.pk)
    assert Rollback.objects.get().state == "open"
    actions.merge_rollback(actor=make_user("ben"), rollback=rollback)
    pipeline.carry_out(rollback.pk)
    rollback.refresh_from_db()
    assert (rollback.state, rollback.is_merged_alone) == ("merged", False)


def test_a_member_does_not_merge_their_own(ask: Ask, member: User, stranger: User) -> None:
    rollback = ask(member)
    with pytest.raises(NotAllowed, match="as soon as somebody else has approved it"):
        actions.merge_rollback(actor=member, rollback=rollback)
    with pytest.raises(Forbidden):
        actions.merge_rollback(actor=stranger, rollback=rollback)


def test_what_is_merged_cannot_be_merged_again(ask: Ask, lead: User) -> None:
    rollback = ask(lead)
    pipeline.carry_out(rollback.pk)
    with pytest.raises(Conflict, match="is merged, waits for health; there is nothing to merge"):
        actions.merge_rollback(actor=lead, rollback=rollback)


def test_health_is_reported_once_it_is_merged(
    ask: Ask, lead: User, member: User, stranger: User, audit_actions: Callable[[], list[str]]
) -> None:
    rollback = ask(lead)
    with pytest.raises(Conflict, match="health is a question once it is merged"):
        actions.report_healthy(actor=member, rollback=rollback)
    pipeline.carry_out(rollback.pk)
    with pytest.raises(Forbidden):
        actions.report_healthy(actor=stranger, rollback=rollback)
    healthy = actions.report_healthy(actor=member, rollback=rollback)
    assert (healthy.state, healthy.healthy_by, healthy.kept_promise) == ("healthy", member, True)
    assert healthy.job.state == "succeeded"
    assert actions.report_healthy(actor=lead, rollback=rollback).healthy_by == member
    assert audit_actions().count("delivery.rollback_healthy") == 1


def test_only_a_failed_one_is_tried_again(ask: Ask, member: User) -> None:
    with pytest.raises(Conflict, match="there is nothing to try again"):
        actions.resume_rollback(actor=member, rollback=ask(member))
