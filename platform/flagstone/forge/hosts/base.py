"""What every code host must be able to do for us, and the values that go in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.sizes import FileSize


class PullRequestState(StrEnum):
    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class Verdict(StrEnum):
    """What a review says."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    COMMENTED = "commented"


class StatusState(StrEnum):
    """What a check says of a commit."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


class MergeMethod(StrEnum):
    MERGE = "merge"
    SQUASH = "squash"


@dataclass(frozen=True, slots=True)
class ForgeCapabilities:
    """What differs between code hosts, so that callers ask instead of guessing by kind.

    Attributes:
        dedupes_open_pull_requests: It refuses a second open pull request of the same two branches.
        acts_for_people: A review or merge is recorded under the person's name, not under a bot's. Where it is
            not, people review at the code host itself: a bot's approval would pass for a second pair of eyes.
        longest_body: Characters that a pull request's body may have.
    """

    dedupes_open_pull_requests: bool
    acts_for_people: bool
    longest_body: int


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody at the code host."""

    login: str
    name: str = ""
    email: str = ""
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class RepositoryInfo:
    """A repository as the code host describes it; `head` is the default branch's commit.

    Attributes:
        url: Of its page; "" where the code host has no pages of its own.
        is_archived: It can only be read.
        may_write: The credential may push; None where the code host does not tell.
    """

    full_name: str
    description: str
    default_branch: str
    head: str
    url: str = ""
    is_archived: bool = False
    may_write: bool | None = None


@dataclass(frozen=True, slots=True)
class RepositoryEntry:
    """A repository in the list of its owner's; `default_branch` is "" while it has no commit."""

    full_name: str
    description: str
    default_branch: str
    is_archived: bool = False
    is_fork: bool = False


@dataclass(frozen=True, slots=True)
class WebhookEntry:
    """A webhook that a repository, or who owns it, has at the code host.

    Attributes:
        last_status: HTTP status of its last delivery; None where the code host does not tell.
    """

    url: str
    is_active: bool
    events: frozenset[str] = frozenset()
    last_status: int | None = None


@dataclass(frozen=True, slots=True)
class PullRequestTouch:
    """That a pull request was changed, and when."""

    number: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    by: Account
    verdict: Verdict
    body: str
    commit: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Comment:
    number: int
    by: Account
    body: str
    at: datetime
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """One check's word on one commit; a later word of the same context replaces it."""

    context: str
    state: StatusState
    description: str
    at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class PullRequestSpec:
    """A pull request to be opened; `change_id` marks it as ours. Labels come after it: they may be refused."""

    title: str
    body: str
    source: str
    target: str
    author: Account
    change_id: UUID | None = None
    is_draft: bool = False


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as the code host has it now.

    Attributes:
        head: The source branch's commit, or its last one once that is gone.
        base: The target branch's commit that the head is compared with.
        merge: The commit that the merge made on the target branch; "" until then.
        began_at: When the branch's first own commit was written.
        first_review_at: When somebody other than the author, no bot, first reviewed or commented.
        url: Of its page; "" where the code host has no pages of its own.
        has_conflict: Both sides changed the same lines; None where the code host does not (yet) tell.
    """

    number: int
    title: str
    body: str
    source: str
    target: str
    author: Account
    state: PullRequestState
    is_draft: bool
    labels: tuple[str, ...]
    head: str
    base: str
    opened_at: datetime
    updated_at: datetime
    ready_at: datetime | None = None
    first_review_at: datetime | None = None
    approved_at: datetime | None = None
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    merge: str = ""
    closed_by: Account | None = None
    reviews: tuple[Review, ...] = ()
    comments: tuple[Comment, ...] = ()
    began_at: datetime | None = None
    url: str = ""
    has_conflict: bool | None = None


@dataclass(frozen=True, slots=True)
class MergeResult:
    """A merge that was done; `base` is where the target branch stood before, "" where nobody tells."""

    merge: str
    head: str
    base: str


class Forge(Protocol):
    """A code host.

    Nothing here retries or waits: a failure is raised as one of `flagstone.forge.errors`, whose family
    says whether the caller may try again (`Retryable`), must look first (`OutcomeUnknown`) or must stop.
    """

    @property
    def capabilities(self) -> ForgeCapabilities: ...

    def check_name(self, repository: str) -> None:
        """Refuse a name that no repository can have here.

        Raises:
            InvalidName: With what is allowed.
        """
        ...

    def git_remote(self, repository: str) -> GitRemote:
        """Return how git reaches the repository, with short-lived credentials where there are any."""
        ...

    def get_repository(self, repository: str) -> RepositoryInfo:
        """Describe a repository.

        Raises:
            RepositoryGone: It is missing, or hidden from us.
            EmptyRepository: It has no commit.
            NoDefaultBranch: Its HEAD leads nowhere.
        """
        ...

    def create_repository(
        self, repository: str, *, description: str, files: ChangeSet, meta: CommitMeta
    ) -> RepositoryInfo:
        """Create a repository whose branch `main` holds the files, whole or not at all.

        Raises:
            RepositoryExists: The name is taken.
        """
        ...

    def delete_repository(self, repository: str, *, expected_head: str) -> bool:
        """Delete a repository that holds its first commit and nothing else; tell whether it did.

        Args:
            repository: `owner/name`.
            expected_head: The first commit. With another head, another branch or a pull request it stays.
        """
        ...

    def delete_branch(self, repository: str, branch: str, *, expected: str) -> bool:
        """Delete a branch that stands at this very commit; tell whether it did."""
        ...

    def find_pull_request(
        self, repository: str, *, source: str, target: str, state: PullRequestState | None = None
    ) -> PullRequest | None:
        """Find the newest pull request between two branches, in a state or in any."""
        ...

    def get_pull_request(self, repository: str, number: int) -> PullRequest: ...

    def touched_pull_requests(
        self, repository: str, *, since: datetime | None = None
    ) -> list[PullRequestTouch]:
        """List those changed at that moment or later, the oldest change first.

        So a reader may stop anywhere and go on later from the last one it took.
        """
        ...

    def changed_files(self, repository: str, number: int) -> tuple[FileSize, ...]:
        """Count what a pull request changes in each file since it left its target branch."""
        ...

    def list_repositories(self, owner: str) -> Iterator[RepositoryEntry]:
        """List what an organisation, a group (with the groups in it) or a person has.

        Raises:
            RepositoryGone: There is no such owner, or it is hidden from us.
        """
        ...

    def list_webhooks(self, repository: str) -> tuple[WebhookEntry, ...]:
        """List the webhooks of a repository.

        Raises:
            PermissionDenied: The credential may not see them.
        """
        ...

    def create_pull_request(self, repository: str, spec: PullRequestSpec) -> PullRequest:
        """Open a pull request; never tried twice here.

        Raises:
            AlreadyExists: One between the two branches is open.
            NotYetConsistent: The source branch cannot be seen (yet).
        """
        ...

    def update_pull_request(
        self,
        repository: str,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        is_draft: bool | None = None,
    ) -> PullRequest: ...

    def close_pull_request(self, repository: str, number: int, *, by: Account) -> PullRequest: ...

    def merge_pull_request(
        self,
        repository: str,
        number: int,
        *,
        expected_head: str,
        method: MergeMethod,
        by: Account,
    ) -> MergeResult:
        """Merge what was looked at; merging the same head again gives the same result.

        Raises:
            HeadMoved: The source branch has other commits now.
            MergeConflict: The two sides do not go together.
            PullRequestNotOpen: It was closed, or merged with another head.
        """
        ...

    def submit_review(
        self, repository: str, number: int, *, by: Account, verdict: Verdict, body: str = ""
    ) -> PullRequest:
        """Say what a person thinks of a pull request.

        Raises:
            NotAllowed: It is their own, or the code host takes reviews from people only.
        """
        ...

    def upsert_comment(
        self, repository: str, number: int, *, by: Account, body: str, marker: str = ""
    ) -> Comment:
        """Write a comment; with a marker, the one that carries it is edited in place."""
        ...

    def set_labels(self, repository: str, number: int, labels: tuple[str, ...]) -> PullRequest:
        """Let a pull request have these labels and no others; missing ones are made.

        Raises:
            PermissionDenied: The credential may not label, or not make a label.
        """
        ...

    def request_reviewers(self, repository: str, number: int, logins: tuple[str, ...]) -> None:
        """Ask people for their review; asking again is fine.

        Raises:
            ReviewersRefused: Some are unknown here, are the author, or may not review; the others were asked.
        """
        ...

    def set_commit_status(self, repository: str, commit: str, status: CommitStatus) -> None:
        """Say something of a commit; the word of the same context before is replaced.

        Saying the same again writes nothing where the code host keeps every word.
        """
        ...

    def commit_statuses(self, repository: str, commit: str) -> Mapping[str, CommitStatus]: ...
