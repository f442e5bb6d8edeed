"""Keeps our rows of pull requests as their code host describes them, and tells who listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from flagstone.core import audit
from flagstone.forge.connections import connect
from flagstone.forge.hosts.base import Forge, PullRequestState
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.models import ChangeRequest, ChangeState, PullRequest, Repository
from flagstone.forge.models.change_requests import HALTED, SHIPPING
from flagstone.forge.people import person_behind
from flagstone.forge.pipeline.adopting import audit_adoption, change_to_adopt
from flagstone.forge.pipeline.measuring import measure_pull_request
from flagstone.forge.signals import announce_pull_request

CHANGE_STATES = {
    PullRequestState.OPEN: ChangeState.OPENED,
    PullRequestState.MERGED: ChangeState.MERGED,
    PullRequestState.CLOSED: ChangeState.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row as it is now, and whether anything about it was new."""

    pull_request: PullRequest
    is_news: bool


def refresh_pull_request(pull_request: PullRequest) -> PullRequest:
    """Ask the code host how a pull request stands, and record it."""
    repository = pull_request.repository
    found = connect(repository.host).get_pull_request(repository.full_name, pull_request.number)
    return record_pull_request(repository, found).pull_request


def record_pull_request(
    repository: Repository,
    found: HostPullRequest,
    *,
    change: ChangeRequest | None = None,
    forge: Forge | None = None,
) -> Recorded:
    """Store what a code host says of a pull request.

    Its change request goes along, also one that was given up before anybody knew that this had been opened. State
    changes go into the audit chain, and listeners are told; recording the same again does nothing. Of what happened
    before Flagstone took on the repository only the row is made.

    Args:
        repository: Where it is.
        found: The code host's description.
        change: The change request that opened it, when it was just opened.
        forge: Whom to ask for its size; a connection of its own when left out.

    Raises:
        RateLimited: Its size cannot be asked for now; nothing was stored.
    """
    known = PullRequest.objects.filter(repository=repository, number=found.number).first()
    fields = _fields(found)
    if known is None or known.measured_commit != found.head:
        fields |= measure_pull_request(repository, found, forge)
    with transaction.atomic():
        row, created = PullRequest.objects.select_for_update().get_or_create(
            repository=repository,
            number=found.number,
            # a branch's name alone makes no pull request ours: one from a fork has it as well
            defaults={**fields, "author": person_behind(repository.host, found.author.login)},
        )
        if _is_outdated(found, row):
            return Recorded(row, is_news=False)
        before = PullRequestState(row.state)
        changed = [name for name, value in fields.items() if getattr(row, name) != value]
        if changed and not created:
            for name in changed:
                setattr(row, name, fields[name])
            row.save(update_fields=changed)
        adopted = change_to_adopt(row, found) if change is None else None
        if adopted is not None:
            audit_adoption(row, adopted)
        change = change or adopted
        _carry_change(row, found, change)
        is_news = created or bool(changed) or adopted is not None
        # what ended before Flagstone knew the repository is history: nobody acts on it
        is_history = change is None and found.updated_at < repository.created_at
        if (created or before is not found.state) and not is_history:
            _audit_state(row, found)
        if is_news and not is_history:
            announce_pull_request(pull_request_id=row.pk, state=row.state)
    return Recorded(row, is_news)


def _is_outdated(found: HostPullRequest, row: PullRequest) -> bool:
    """Tell whether somebody recorded a later look while this one was on its way.

    A change that is still to come was none: it keeps out nothing that the code host says now.
    """
    reopened = row.is_merged and found.state is not PullRequestState.MERGED
    return reopened or found.updated_at < row.updated_at <= timezone.now()


def _carry_change(row: PullRequest, found: HostPullRequest, change: ChangeRequest | None) -> None:
    """Let the change request behind a pull request share its state; one being decorated is on its way to it.

    The pull request is its requester's: its author at the code host may be Flagstone's own account.
    """
    state = CHANGE_STATES[found.state]
    behind = ChangeRequest.objects.filter(pull_request=row)
    if change is not None:
        behind = ChangeRequest.objects.filter(pk=change.pk)
        if row.author != change.requested_by:
            row.author = change.requested_by
            row.save(update_fields=["author"])
    if state is ChangeState.OPENED:
        now = timezone.now()
        given_up = behind.filter(state__in=HALTED, pull_request=None)
        given_up.update(
            state=ChangeState.PUSHED, attempts=0, not_before=now, last_error="", error_code=""
        )
        behind.filter(state=ChangeState.PUSHED).update(
            state=ChangeState.DECORATING, pull_request=row, touched_at=now
        )
        behind = behind.exclude(state__in=SHIPPING)
    behind.exclude(state=state, pull_request=row).update(
        state=state, pull_request=row, touched_at=timezone.now(), last_error="", error_code=""
    )


def _audit_state(row: PullRequest, found: HostPullRequest) -> None:
    by = found.author if found.state is PullRequestState.OPEN else found.closed_by
    done = "opened" if found.state is PullRequestState.OPEN else found.state.value
    audit.record(
        actor=person_behind(row.repository.host, by.login) if by else None,
        action=f"forge.pull_request_{done}",
        subject=f"pull-request:{row.repository.full_name}#{row.number}",
        data={"title": row.title, "head": row.head_commit, "merge": row.merge_commit},
    )


def _fields(found: HostPullRequest) -> dict[str, Any]:
    # a code host that does not tell when the branch began leaves what was found out otherwise
    began = {"began_at": found.began_at} if found.began_at else {}
    return began | {
        "title": _fit(found.title),
        "body": _fit(found.body),
        "source_branch": _fit(found.source, 255),
        "target_branch": _fit(found.target, 255),
        "state": found.state.value,
        "is_draft": found.is_draft,
        "labels": [_fit(label, 100) for label in found.labels],
        "author_login": _fit(found.author.login, 150),
        "author_name": _fit(found.author.name, 200),
        "author_is_bot": found.author.is_bot,
        "closed_by_login": _fit(found.closed_by.login, 150) if found.closed_by else "",
        "head_commit": found.head,
        "base_commit": found.base,
        "merge_commit": found.merge,
        "url": found.url if len(found.url) <= 500 else "",
        "has_conflict": found.has_conflict,
        "opened_at": found.opened_at,
        "updated_at": found.updated_at,
        "ready_at": found.ready_at,
        "first_review_at": found.first_review_at,
        "approved_at": found.approved_at,
        "merged_at": found.merged_at,
        "closed_at": found.closed_at,
    }


def _fit(text: str, longest: int | None = None) -> str:
    """Return a code host's text as a column takes it: one that does not fit must not keep all others out."""
    return text.replace("\0", "")[:longest]
