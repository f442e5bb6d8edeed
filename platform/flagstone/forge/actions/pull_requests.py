"""What people do with pull requests."""

from __future__ import annotations

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.core import audit
from flagstone.core.admin_places import place_of
from flagstone.core.errors import UserError
from flagstone.forge import pipeline
from flagstone.forge.connections import connect
from flagstone.forge.errors import NotAllowed
from flagstone.forge.four_eyes import is_approved_by_another, knows_login, may_be_own
from flagstone.forge.hosts.base import MergeMethod, Verdict
from flagstone.forge.hosts.markers import without_marks
from flagstone.forge.models import CodeHost, HostAccount, PullRequest
from flagstone.forge.people import account_at

LONGEST_COMMENT = 20_000


def approve_pull_request(*, actor: User, pull_request: PullRequest, body: str = "") -> PullRequest:
    """Approve somebody else's pull request."""
    return review_pull_request(
        actor=actor, pull_request=pull_request, verdict=Verdict.APPROVED, body=body
    )


def review_pull_request(
    *, actor: User, pull_request: PullRequest, verdict: Verdict, body: str = ""
) -> PullRequest:
    """Say what one thinks of a pull request.

    Raises:
        Forbidden: The person may not.
        NotAllowed: It is their own.
        PullRequestNotOpen: It was merged or closed.
    """
    require(actor, "forge.review")
    if verdict is Verdict.CHANGES_REQUESTED:
        _require_text(body, "Say what should change")
    _audit(actor, "reviewed", pull_request, verdict=verdict.value)
    repository = pull_request.repository
    found = connect(repository.host).submit_review(
        repository.full_name,
        pull_request.number,
        by=account_at(repository.host, actor),
        verdict=verdict,
        body=body.strip()[:LONGEST_COMMENT],
    )
    return pipeline.record_pull_request(repository, found).pull_request


def comment_on_pull_request(*, actor: User, pull_request: PullRequest, body: str) -> PullRequest:
    """Say something under a pull request."""
    require(actor, "forge.review")
    _require_text(without_marks(body), "Write something")
    _audit(actor, "commented", pull_request)
    repository = pull_request.repository
    connect(repository.host).upsert_comment(
        repository.full_name,
        pull_request.number,
        by=account_at(repository.host, actor),
        body=body.strip()[:LONGEST_COMMENT],
    )
    return pipeline.refresh_pull_request(pull_request)


def merge_pull_request(
    *,
    actor: User,
    pull_request: PullRequest,
    expected_head: str = "",
    method: MergeMethod = MergeMethod.MERGE,
) -> PullRequest:
    """Merge a pull request for real, at its code host.

    Args:
        actor: Who merges.
        pull_request: What is merged.
        expected_head: The commit that the person looked at; the last recorded one when left out.
        method: A merge commit, or one commit of everything.

    Raises:
        Forbidden: The person may not.
        HeadMoved: There are newer commits than the one that was looked at.
        MergeConflict: The two sides do not go together.
        PullRequestNotOpen: It was merged or closed.
        NotAllowed: It is the person's own, or may be, and nobody else has approved what it holds now.
    """
    require(actor, "forge.merge")
    _require_four_eyes(actor, pull_request)
    head = expected_head or pull_request.head_commit
    _audit(actor, "merge_requested", pull_request, head=head, method=method.value)
    by = account_at(pull_request.repository.host, actor)
    return pipeline.merge(pull_request, by=by, expected_head=head, method=method)


def _require_four_eyes(actor: User, pull_request: PullRequest) -> None:
    if not pull_request.is_open or not may_be_own(actor, pull_request):
        return
    repository = pull_request.repository
    # the row may not know yet who approved it, and never who did it
    live = connect(repository.host).get_pull_request(repository.full_name, pull_request.number)
    if not is_approved_by_another(live, actor, repository.host):
        raise NotAllowed(
            f"{pull_request} is your own, or may be, and nobody else has approved what it holds now. "
            "Ask somebody to look at it: two people see every change before it is merged. "
            + _whose_hint(actor, repository.host),
            code="forge.four_eyes",
        )


def _whose_hint(actor: User, host: CodeHost) -> str:
    if host.is_local or knows_login(actor, host):
        return ""
    return (
        f"If it is somebody else's: Flagstone does not know your login at {host.name}; the platform team "
        f"enters it {place_of(HostAccount)}."
    )


def close_pull_request(*, actor: User, pull_request: PullRequest) -> PullRequest:
    """Close a pull request without merging it; its branch stays."""
    require(actor, "forge.close")
    _audit(actor, "close_requested", pull_request)
    repository = pull_request.repository
    found = connect(repository.host).close_pull_request(
        repository.full_name, pull_request.number, by=account_at(repository.host, actor)
    )
    return pipeline.record_pull_request(repository, found).pull_request


def _audit(actor: User, done: str, pull_request: PullRequest, **data: str) -> None:
    """Write the entry before the code host acts, so that a crash in between cannot lose it."""
    audit.record(
        actor=actor,
        action=f"forge.pull_request_{done}",
        subject=f"pull-request:{pull_request}",
        data=dict(data),
    )


def _require_text(body: str, request: str) -> None:
    if not body.strip():
        raise UserError(f"{request}: the text is empty.", code="forge.empty_text")
    if len(body) > LONGEST_COMMENT:
        raise UserError(
            f"The text has {len(body)} characters; {LONGEST_COMMENT} are the most.",
            code="forge.text_too_long",
        )
