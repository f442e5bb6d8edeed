"""Takes a change request to its pull request: look, act if needed, record; safe to kill anywhere.

What is recorded is always a little behind the code host, never ahead of it. So a new worker looks at
the branch and the pull requests first, and the exact lease of the push decides where two would race.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from flagstone.core.errors import Conflict, NotFound
from flagstone.core.locks import only_one_at
from flagstone.forge.connections import account_of, connect
from flagstone.forge.errors import (
    AlreadyExists,
    BranchOccupied,
    ChangeBusy,
    EmptyChange,
    ForgeError,
    NotYetConsistent,
    PolicyRejected,
    RefNotFound,
    StaleLease,
)
from flagstone.forge.git.commits import CommitMeta, Person
from flagstone.forge.git.pushing import PushOutcome, PushResult
from flagstone.forge.git.remotes import RemoteRefs, check_unblocked
from flagstone.forge.git.workspace import Commit, GitWorkspace
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.hosts.base import PullRequestSpec
from flagstone.forge.hosts.markers import marked_change
from flagstone.forge.models import ChangeRequest, ChangeState, PullRequest
from flagstone.forge.models.change_requests import HALTED
from flagstone.forge.pipeline.pull_requests import CHANGE_STATES, record_pull_request

MOST_ATTEMPTS = 10
_FIRST_WAIT, _LONGEST_WAIT = 5.0, 600.0


def ship(change_id: UUID) -> PullRequest | None:
    """Bring a change request as far as a worker can: to an open pull request.

    Whatever was done before is found and not done again: at the end there is one branch and one pull
    request, however often and by however many workers this is called.

    Args:
        change_id: The change request.

    Returns:
        The pull request; None if there was nothing to change.

    Raises:
        Retryable, OutcomeUnknown: Not now; the sweep tries it again at the time that is recorded.
        Conflict: It needs somebody's attention, or failed for good; the row says why.
        NotFound: There is no such change request.
    """
    with _alone(change_id):
        change = _load(change_id)
        if change.is_shipping:
            _begin(change)
        while change.is_shipping:
            try:
                _step(change)
            except EmptyChange as error:
                _record(change, ChangeState.NO_CHANGE, last_error=error.message)
            except ForgeError as error:
                _record_failure(change, error)
                raise
    if change.state in HALTED:
        raise Conflict(
            change.last_error,
            code=change.error_code or "forge.change_halted",
            change_id=str(change_id),
        )
    return change.pull_request


def _begin(change: ChangeRequest) -> None:
    """Count the attempt, which a worker that is killed cannot do afterwards.

    Raises:
        ChangeBusy: A wait was agreed with the code host; it holds whoever asks.
        Conflict: It was tried often enough.
    """
    wait = (change.not_before - timezone.now()).total_seconds()
    if wait > 0 and change.attempts:
        raise ChangeBusy(
            f"The change is tried again in {wait:.0f} seconds: {change.last_error}",
            retry_after=wait,
        )
    change.attempts += 1
    if change.attempts > MOST_ATTEMPTS:
        message = f"{MOST_ATTEMPTS} attempts did not finish it. {change.last_error}".strip()
        _record(change, ChangeState.FAILED, last_error=message, error_code="forge.gave_up")
    else:
        _record(change, ChangeState(change.state), attempts=change.attempts)


def _step(change: ChangeRequest) -> None:
    if change.state == ChangeState.PUSHED:
        _open(change)
    else:
        _publish(change)


def _publish(change: ChangeRequest) -> None:
    """Build the commit and push its branch, unless the branch is ours already."""
    remote = connect(change.repository.host).git_remote(change.repository.full_name)
    with GitWorkspace(remote) as workspace:
        refs = workspace.observe(change.target_branch, change.branch)
        if _is_ours(change, refs):
            _record(change, ChangeState.PUSHED)
            return
        check_unblocked(refs, change.branch)
        commit = workspace.build_commit(_base(change, refs), change.change_set(), _meta(change))
        # before anybody can see it, so that a branch with this commit is known to be ours
        _record(change, ChangeState.COMMITTED, base_commit=commit.base, commit=commit.sha)
        outcome = workspace.push(commit, change.branch, expected=None)
        _settle_push(change, workspace, commit, outcome)
    _record(change, ChangeState.PUSHED)


def _base(change: ChangeRequest, refs: RemoteRefs) -> str:
    if change.target_branch in refs.branches:
        return refs.branches[change.target_branch]
    refs.head()  # says it better where the whole repository is empty
    raise RefNotFound(
        f"The branch {change.target_branch!r} of {refs.name} is gone; nothing can be merged into it.",
        ref=change.target_branch,
    )


def _meta(change: ChangeRequest) -> CommitMeta:
    author = Person(change.author_name, change.author_email)
    return CommitMeta(
        subject=change.title,
        body=change.body,
        author=author,
        at=change.created_at,
        trailers=(
            ("Change-Request-Id", str(change.pk)),
            ("Requested-by", f"{author.name} <{author.email}>"),
        ),
    )


def _is_ours(change: ChangeRequest, refs: RemoteRefs) -> bool:
    """Tell whether the branch stands at our commit.

    Raises:
        BranchOccupied: It stands at somebody else's.
    """
    found = refs.branches.get(change.branch)
    if found is not None and found != change.commit:
        raise BranchOccupied(
            f"The branch {change.branch} of {refs.name} holds a commit that is not Flagstone's "
            f"({found[:12]}). It was left as it is: look at it, delete the branch, and resume.",
            branch=change.branch,
            found=found,
        )
    return found is not None


def _settle_push(
    change: ChangeRequest, workspace: GitWorkspace, commit: Commit, outcome: PushOutcome
) -> None:
    """Return if the branch holds our commit, whatever git said of the push."""
    if outcome.result in {PushResult.PUSHED, PushResult.UP_TO_DATE}:
        return
    if outcome.result is PushResult.REJECTED:
        raise PolicyRejected(
            f"{workspace.remote.name} refuses the branch {change.branch}: {outcome.message}",
            branch=change.branch,
        )
    change.commit = commit.sha
    if not _is_ours(change, workspace.observe(change.branch)):
        raise StaleLease(
            f"The branch {change.branch} could not be pushed to {workspace.remote.name}: "
            f"{outcome.message or 'no reason was given'}"
        )


def _open(change: ChangeRequest) -> None:
    """Find our pull request, or open it."""
    forge, name = connect(change.repository.host), change.repository.full_name
    spec = PullRequestSpec(
        title=change.title,
        body=change.body,
        source=change.branch,
        target=change.target_branch,
        author=account_of(change.requested_by),
        change_id=change.pk,
    )
    found = forge.find_pull_request(name, source=spec.source, target=spec.target)
    if found is None:
        try:
            found = forge.create_pull_request(name, spec)
        except AlreadyExists:
            found = forge.find_pull_request(name, source=spec.source, target=spec.target)
        except NotYetConsistent:
            # the branch was deleted, or is not seen yet: look again, and push again if it is gone
            _record(change, ChangeState.COMMITTED)
            raise
    ours = _require_ours(change, found)
    if change.labels:
        ours = forge.set_labels(name, ours.number, tuple(change.labels))
    change.pull_request = record_pull_request(change.repository, ours, change=change).pull_request
    change.state = CHANGE_STATES[ours.state]


def _require_ours(change: ChangeRequest, found: HostPullRequest | None) -> HostPullRequest:
    if found is None:
        raise NotYetConsistent(
            f"The pull request of {change.branch} exists, but cannot be seen yet."
        )
    if marked_change(found.body) != change.pk:
        raise BranchOccupied(
            f"Pull request #{found.number} of {change.repository.full_name} leads from "
            f"{change.branch}, but Flagstone did not open it. Close it, and resume.",
            branch=change.branch,
            number=found.number,
        )
    return found


def _load(change_id: UUID) -> ChangeRequest:
    related = ("repository__host", "requested_by", "pull_request__repository")
    try:
        return ChangeRequest.objects.select_related(*related).get(pk=change_id)
    except ChangeRequest.DoesNotExist as error:
        raise NotFound(f"There is no change request {change_id}.") from error


def _record(change: ChangeRequest, state: ChangeState, **fields: str | int) -> None:
    """Write down what was done, at once; a row that somebody else moved on is left alone."""
    values = {"touched_at": timezone.now(), "last_error": "", "error_code": "", **fields}
    with transaction.atomic(durable=True):
        rows = ChangeRequest.objects.filter(pk=change.pk, state=change.state)
        if not rows.update(state=state, **values):
            raise ChangeBusy("Another worker went on with this change.")
    change.state = state
    for name, value in values.items():
        setattr(change, name, value)


def _record_failure(change: ChangeRequest, error: ForgeError) -> None:
    if isinstance(error, BranchOccupied):
        state = ChangeState.NEEDS_ATTENTION
    elif error.retryable and change.attempts < MOST_ATTEMPTS:
        state = ChangeState(change.state)
    else:
        state = ChangeState.FAILED
    wait = error.retry_after or min(_FIRST_WAIT * 2 ** (change.attempts - 1), _LONGEST_WAIT)
    now = timezone.now()
    ChangeRequest.objects.filter(pk=change.pk, state=change.state).update(
        state=state,
        not_before=now + timedelta(seconds=wait),
        touched_at=now,
        last_error=error.message,
        error_code=error.code,
    )


@contextlib.contextmanager
def _alone(change_id: UUID) -> Iterator[None]:
    """Let one worker at a change at a time.

    It is a courtesy, not the fence: that is the exact lease of the push and the code host's refusal of a
    second pull request.

    Raises:
        ChangeBusy: Another worker is at it.
    """
    with only_one_at(change_id) as is_ours:
        if not is_ours:
            raise ChangeBusy("Another worker is at this change.", retry_after=2.0)
        yield
