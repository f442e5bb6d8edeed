"""Everything a person can do with repositories and pull requests."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.core import audit
from flagstone.core.errors import Conflict, UserError
from flagstone.forge import pipeline, tasks
from flagstone.forge.connections import account_of, connect
from flagstone.forge.errors import NotAllowed
from flagstone.forge.hosts.base import MergeMethod, Verdict
from flagstone.forge.models import (
    ChangeRequest,
    ChangeState,
    CodeHost,
    HostKind,
    PullRequest,
    Repository,
    RepositoryRole,
)
from flagstone.forge.models.change_requests import HALTED
from flagstone.forge.pipeline.changes import Files

LONGEST_COMMENT = 20_000


@transaction.atomic
def register_code_host(*, actor: User, name: str, kind: str = HostKind.LOCAL) -> CodeHost:
    """Make a code host known."""
    require(actor, "forge.manage")
    host = CodeHost(name=name, kind=kind)
    if CodeHost.objects.filter(kind=HostKind.LOCAL).exists() and kind == HostKind.LOCAL:
        raise Conflict(
            "There is a local code host already; it has one folder and needs no second.",
            code="forge.host_exists",
        )
    host.full_clean()
    host.save()
    audit.record(
        actor=actor,
        action="forge.code_host_registered",
        subject=f"code-host:{host.name}",
        data={"kind": host.kind},
    )
    return host


def create_repository(
    *,
    actor: User,
    host: CodeHost,
    full_name: str,
    description: str = "",
    files: Files | None = None,
    role: str = RepositoryRole.SERVICE,
) -> Repository:
    """Create a repository on a code host, with a first commit on `main`.

    Args:
        actor: Who does it; the author of the first commit.
        host: The code host.
        full_name: `owner/name`.
        description: One sentence.
        files: Of the first commit; a README with name and description when left out.
        role: What it is for.

    Raises:
        Forbidden: The person may not.
        RepositoryExists: The name is taken, perhaps in other letters' case.
    """
    require(actor, "forge.manage")
    name = full_name.rpartition("/")[2]
    readme = f"# {name}\n\n{description}\n" if description else f"# {name}\n"
    return pipeline.provision_repository(
        requested_by=actor,
        host=host,
        full_name=full_name,
        description=description,
        files=files or {"README.md": readme.encode()},
        source="",
        role=role,
    )


def register_repository(
    *, actor: User, host: CodeHost, full_name: str, role: str = RepositoryRole.SERVICE
) -> Repository:
    """Take on a repository that is on a code host already."""
    require(actor, "forge.manage")
    repository = pipeline.register_existing(
        requested_by=actor, host=host, full_name=full_name, role=role
    )
    tasks.sync_repository.delay_on_commit(repository.pk)
    return repository


@transaction.atomic
def request_change(
    *,
    actor: User,
    repository: Repository,
    title: str,
    body: str,
    files: Files,
    source: str,
    change_id: UUID | None = None,
    labels: tuple[str, ...] = (),
) -> ChangeRequest:
    """Ask for a pull request that brings these files; a worker ships it.

    Args:
        actor: Who asks; the author of the commit.
        repository: Where it goes.
        title: Of the commit and the pull request.
        body: Why, for both.
        files: What each file shall be; None deletes it.
        source: What asked, such as `fix:<check>:<entity>`.
        change_id: The caller's own key: asking again with it gives the same change.
        labels: Of the pull request.

    Raises:
        Forbidden: The person may not.
        InvalidPath, ChangeTooLarge, EmptyChange: The files cannot be shipped.
        Conflict: The id was used for another change.
    """
    require(actor, "forge.request_change")
    change = pipeline.record_change(
        requested_by=actor,
        repository=repository,
        title=title,
        body=body,
        files=files,
        source=source,
        change_id=change_id,
        labels=labels,
    )
    tasks.ship_change.delay_on_commit(str(change.pk))
    return change


@transaction.atomic
def resume_change(*, actor: User, change: ChangeRequest) -> ChangeRequest:
    """Try a change again that failed or needed somebody's attention.

    Raises:
        Conflict: It neither failed nor waits for anybody.
    """
    require(actor, "forge.request_change")
    rows = ChangeRequest.objects.filter(pk=change.pk, state__in=HALTED)
    now = timezone.now()
    state = ChangeState.COMMITTED if change.commit else ChangeState.REQUESTED
    if not rows.update(state=state, attempts=0, not_before=now, touched_at=now, last_error=""):
        raise Conflict(
            f"The change “{change.title}” is {change.get_state_display().lower()}; "
            "there is nothing to resume.",
            code="forge.change_not_halted",
        )
    audit.record(actor=actor, action="forge.change_resumed", subject=f"change:{change.pk}")
    tasks.ship_change.delay_on_commit(str(change.pk))
    change.refresh_from_db()
    return change


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
        by=account_of(actor),
        verdict=verdict,
        body=body.strip()[:LONGEST_COMMENT],
    )
    return pipeline.record_pull_request(repository, found).pull_request


def comment_on_pull_request(*, actor: User, pull_request: PullRequest, body: str) -> PullRequest:
    """Say something under a pull request."""
    require(actor, "forge.review")
    _require_text(body, "Write something")
    _audit(actor, "commented", pull_request)
    repository = pull_request.repository
    connect(repository.host).upsert_comment(
        repository.full_name,
        pull_request.number,
        by=account_of(actor),
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
        NotAllowed: It is the person's own, and nobody else has approved it.
    """
    require(actor, "forge.merge")
    _require_four_eyes(actor, pull_request)
    head = expected_head or pull_request.head_commit
    _audit(actor, "merge_requested", pull_request, head=head, method=method.value)
    return pipeline.merge(pull_request, by=account_of(actor), expected_head=head, method=method)


def _require_four_eyes(actor: User, pull_request: PullRequest) -> None:
    is_own = pull_request.author_login == account_of(actor).login
    if is_own and pull_request.is_open and pull_request.approved_at is None:
        raise NotAllowed(
            f"{pull_request} is your own, and nobody else has approved it. "
            "Ask somebody to look at it: two people see every change before it is merged.",
            code="forge.four_eyes",
        )


def close_pull_request(*, actor: User, pull_request: PullRequest) -> PullRequest:
    """Close a pull request without merging it; its branch stays."""
    require(actor, "forge.close")
    _audit(actor, "close_requested", pull_request)
    repository = pull_request.repository
    found = connect(repository.host).close_pull_request(
        repository.full_name, pull_request.number, by=account_of(actor)
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
