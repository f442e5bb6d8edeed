"""Pull requests that people review at their code host: what it tells of them, or else what is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flagstone.accounts.models import User
from flagstone.forge.connections import connect
from flagstone.forge.errors import ForgeError
from flagstone.forge.four_eyes import is_approved_by_another, may_be_own
from flagstone.forge.git.sizes import ChangeSize, FileSize, measure
from flagstone.forge.hosts.base import Account, CommitStatus, Forge, PullRequestState
from flagstone.forge.hosts.base import PullRequest as HostPullRequest
from flagstone.forge.hosts.markers import without_marks
from flagstone.forge.models import ChangeRequest, ChangeState, CodeHost, PullRequest


@dataclass(frozen=True, slots=True)
class HostView:
    """A pull request as far as its code host can be asked at this moment.

    Attributes:
        pull_request: Our row.
        live: The code host's description; what is recorded where it could not be had.
        is_live: Whether the code host said it.
        files: What it changes; None where the code host did not tell.
        statuses: What checks say of its head, by context; None where the code host did not tell.
        failure: Why a part is missing.
    """

    pull_request: PullRequest
    live: HostPullRequest
    is_live: bool
    files: tuple[FileSize, ...] | None = None
    statuses: Mapping[str, CommitStatus] | None = None
    failure: ForgeError | None = None

    @property
    def body(self) -> str:
        return without_marks(self.live.body)

    @property
    def size(self) -> ChangeSize | None:
        return None if self.files is None else measure(self.files)

    @property
    def written_lines(self) -> int | None:
        """The lines that people wrote: as recorded, which knows the repository's own marks, if of this head."""
        known = self.pull_request
        if self.size is None or known.measured_commit == self.live.head:
            return known.size
        return self.size.written_lines

    @property
    def is_mergeable(self) -> bool:
        """Tell whether a merge may go through now, as far as the code host tells."""
        live = self.live
        is_ready = live.state is PullRequestState.OPEN and not live.is_draft
        return self.is_live and is_ready and live.has_conflict is not True


def is_reviewed_here(host: CodeHost) -> bool:
    """Tell whether people review in Flagstone; at other code hosts they do it there, under their own names."""
    try:
        return connect(host).capabilities.acts_for_people
    except ForgeError:
        return False


def view_at_host(pull_request: PullRequest) -> HostView:
    """Ask the code host for a pull request; what it does not answer is left out, and the reason is kept."""
    repository = pull_request.repository
    live = None
    files: tuple[FileSize, ...] | None = None
    statuses: Mapping[str, CommitStatus] | None = None
    failure: ForgeError | None = None
    try:
        forge: Forge = connect(repository.host)
        live = forge.get_pull_request(repository.full_name, pull_request.number)
        statuses = forge.commit_statuses(repository.full_name, live.head)
        files = forge.changed_files(repository.full_name, pull_request.number)
    except ForgeError as error:
        failure = error
    return HostView(
        pull_request=pull_request,
        live=live or _recorded(pull_request),
        is_live=live is not None,
        files=files,
        statuses=statuses,
        failure=failure,
    )


def needs_somebody_else(actor: User, view: HostView) -> bool:
    """Tell whether it may be a person's own, and nobody else has approved what it holds now."""
    pull_request = view.pull_request
    host = pull_request.repository.host
    return may_be_own(actor, pull_request) and not is_approved_by_another(view.live, actor, host)


def needs_rebuilding(change: ChangeRequest | None, *, has_conflict: bool | None) -> bool:
    """Tell whether a change of ours lies open and no longer goes together with its target branch."""
    if change is None or change.based_on:  # what fits one commit only is asked for anew
        return False
    return change.state == ChangeState.OPENED and has_conflict is True


def _recorded(row: PullRequest) -> HostPullRequest:
    return HostPullRequest(
        number=row.number,
        title=row.title,
        body=row.body,
        source=row.source_branch,
        target=row.target_branch,
        author=Account(row.author_login, row.author_name, is_bot=row.author_is_bot),
        state=PullRequestState(row.state),
        is_draft=row.is_draft,
        labels=tuple(row.labels),
        head=row.head_commit,
        base=row.base_commit,
        opened_at=row.opened_at,
        updated_at=row.updated_at,
        ready_at=row.ready_at,
        first_review_at=row.first_review_at,
        approved_at=row.approved_at,
        merged_at=row.merged_at,
        closed_at=row.closed_at,
        merge=row.merge_commit,
        closed_by=Account(row.closed_by_login) if row.closed_by_login else None,
        began_at=row.began_at,
        url=row.url,
        has_conflict=row.has_conflict,
    )
