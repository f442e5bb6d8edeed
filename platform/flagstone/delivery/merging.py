"""Merges a rollback in somebody's name, where the policy lets it; what stands in the way is written down."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import may
from flagstone.core import audit
from flagstone.delivery.models import Rollback
from flagstone.delivery.policy import may_merge_alone
from flagstone.delivery.recording import remark
from flagstone.forge.connections import connect
from flagstone.forge.errors import (
    ForgeError,
    MergeConflict,
    NotAllowed,
    PermissionDenied,
    PolicyRejected,
    PullRequestNotOpen,
)
from flagstone.forge.four_eyes import is_approved_by_another
from flagstone.forge.hosts.base import Account, MergeMethod, PullRequestState
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.models import PullRequest
from flagstone.forge.people import account_at
from flagstone.forge.pipeline import merge, record_pull_request

NEEDS_APPROVAL = "delivery.needs_approval"
HOST_WAITS = "delivery.host_waits"
FOREIGN_COMMITS = "delivery.foreign_commits"

_FIRST_WAIT, _LONGEST_WAIT = 30.0, 300.0


def merge_if_allowed(rollback: Rollback) -> bool:
    """Merge an open rollback that somebody wants merged; tell whether its pull request is not open any more.

    Raises:
        ForgeError: The code host is not there for it now.
    """
    merge_by, pull_request = rollback.merge_by, rollback.change_request.pull_request
    if merge_by is None or pull_request is None:
        return False
    repository = pull_request.repository
    found = connect(repository.host).get_pull_request(repository.full_name, pull_request.number)
    pull_request = record_pull_request(repository, found).pull_request
    if found.state is not PullRequestState.OPEN:
        return True
    if obstacle := _obstacle(rollback, merge_by, found):
        note, code = obstacle
        _wait(rollback, note, code)
        return False
    return _merge(rollback, merge_by, pull_request)


def _obstacle(rollback: Rollback, merge_by: User, found: HostPullRequest) -> tuple[str, str] | None:
    """Return what keeps Flagstone from merging, with its code."""
    if found.head != rollback.change_request.commit:
        note = (
            f"Its branch holds commits that are not Flagstone's ({found.head[:12]}). "
            "Look at them, and merge the pull request by hand."
        )
        return note, FOREIGN_COMMITS
    if not may(merge_by, "forge.merge"):
        return f"{merge_by.display_name} may not merge any more.", NEEDS_APPROVAL
    host = rollback.change_request.repository.host
    is_own = merge_by.pk == rollback.asked_by_id
    if not is_own or is_approved_by_another(found, rollback.asked_by, host):
        return None
    if may_merge_alone(merge_by):
        _audit_alone(rollback, merge_by)
        return None
    place = "here" if host.is_local else f"at {host.name}"
    note = (
        f"Waits for an approval {place} by somebody other than {rollback.asked_by.display_name}; "
        "then it is merged by itself."
    )
    return note, NEEDS_APPROVAL


@transaction.atomic
def _audit_alone(rollback: Rollback, merge_by: User) -> None:
    """Write the emergency down before the code host acts, once."""
    rows = Rollback.objects.filter(pk=rollback.pk, is_merged_alone=False)
    if rows.update(is_merged_alone=True):
        audit.record(
            actor=merge_by,
            action="delivery.rollback_merged_alone",
            subject=rollback.entity_ref,
            data={"rollback": str(rollback.pk), "reason": rollback.reason},
        )


def _merge(rollback: Rollback, merge_by: User, pull_request: PullRequest) -> bool:
    host = pull_request.repository.host
    head, by = rollback.change_request.commit, account_at(host, merge_by)
    try:
        _merge_in_an_allowed_way(pull_request, head, by)
    except PullRequestNotOpen:
        return True
    except (NotAllowed, PermissionDenied, PolicyRejected) as error:
        _wait(
            rollback,
            f"Waits for an approval or a check at {host.name}: {error.message}",
            HOST_WAITS,
        )
        return False
    except MergeConflict as error:
        _wait(rollback, error.message, error.code)
        return False
    except ForgeError as error:
        _wait(rollback, error.message, error.code)
        raise
    return True


def _merge_in_an_allowed_way(pull_request: PullRequest, head: str, by: Account) -> None:
    """Merge with a merge commit, or as one commit where the code host refuses that: some repositories allow no other.

    Raises:
        ForgeError: It refuses both; its words are those about the first.
    """
    try:
        merge(pull_request, by=by, expected_head=head, method=MergeMethod.MERGE)
    except PolicyRejected as refusal:
        try:
            merge(pull_request, by=by, expected_head=head, method=MergeMethod.SQUASH)
        except (NotAllowed, PolicyRejected):
            raise refusal from None


def _wait(rollback: Rollback, note: str, code: str) -> None:
    """Write down why it is not merged, and try again after a while that grows; news of it comes by themselves."""
    wait = min(_FIRST_WAIT * 2.0 ** min(rollback.tries, 10), _LONGEST_WAIT)
    remark(
        rollback,
        note,
        code,
        tries=min(rollback.tries + 1, 10_000),
        not_before=timezone.now() + timedelta(seconds=wait),
    )
