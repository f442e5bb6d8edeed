"""What can go wrong with git and code hosts, in families named by what the caller must do next.

`Retryable`: try again later. `OutcomeUnknown`: a write got no answer, so look before acting.
`Permanent`: trying again does not help; what a person can mend is a `UserError` as well.
"""

from __future__ import annotations

from typing import ClassVar

from flagstone.core.errors import Conflict, ExternalError, NotFound, UserError
from flagstone.core.hidden_characters import written_out
from flagstone.core.redaction import redact


class ForgeError(ExternalError):
    """Root of the family.

    Wherever the words came from, the message carries no credential, and nothing that a database cannot hold.
    """

    default_code = "forge.failed"
    worth_retrying: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retry_after: float | None = None,
        **params: object,
    ) -> None:
        super().__init__(
            written_out(redact(message)),
            code=code,
            retryable=self.worth_retrying,
            retry_after=retry_after,
            **params,
        )


class Retryable(ForgeError):
    """Nothing was decided; the same step may be tried again after `retry_after` seconds."""

    default_code = "forge.retry_later"
    worth_retrying = True


class GitMissing(Retryable):
    """The git program is not there, is too old, or cannot be started."""

    default_code = "forge.git_missing"


class NoRoom(Retryable):
    """The disk is full, or the folder for temporary files is missing."""

    default_code = "forge.no_room"


class TimedOut(Retryable):
    """git took longer than it may; it and its children were ended."""

    default_code = "forge.timed_out"


class TransportError(Retryable):
    """The repository could not be reached, or the exchange broke off before a write."""

    default_code = "forge.transport"


class ServerError(Retryable):
    """The code host answered a read with an error of its own, or with something that is no answer."""

    default_code = "forge.server_error"


class RateLimited(Retryable):
    """The code host asks for patience; `retry_after` says how much."""

    default_code = "forge.rate_limited"


class NotYetConsistent(Retryable):
    """The code host does not see yet what was just pushed."""

    default_code = "forge.not_yet_consistent"


class StaleLease(Retryable):
    """Somebody moved the branch between our look and our write."""

    default_code = "forge.stale_lease"


class ChangeBusy(Retryable):
    """Another worker is at this change."""

    default_code = "forge.change_busy"


class Unexpected(Retryable):
    """Something that nobody foresaw ended the attempt; the worker's log has the whole of it."""

    default_code = "forge.unexpected"


class OutcomeUnknown(ForgeError):
    """A write got no clear answer: it may or may not have been done."""

    default_code = "forge.outcome_unknown"
    worth_retrying = True


class Permanent(ForgeError):
    """Trying the same again gives the same answer."""

    default_code = "forge.refused"


class GitFailed(Permanent):
    """A git command ended with an error that nobody had a better word for."""

    default_code = "forge.git_failed"


class OutputTooLarge(Permanent):
    """git said more than we are ready to hold."""

    default_code = "forge.output_too_large"


class RepositoryGone(Permanent, NotFound):
    """The repository is missing, or hidden from this credential; the two look the same."""

    default_code = "forge.repository_gone"


class RepositoryMoved(Permanent, Conflict):
    """The repository has another address now; a credential does not follow it there."""

    default_code = "forge.repository_moved"


class RepositoryArchived(Permanent, Conflict):
    """The repository can only be read."""

    default_code = "forge.repository_archived"


class QuotaExceeded(Permanent, Conflict):
    """The code host has no room for it."""

    default_code = "forge.quota_exceeded"


class AuthenticationFailed(Permanent, Conflict):
    """The code host does not accept the credential: it is wrong, expired or withdrawn."""

    default_code = "forge.authentication_failed"


class PermissionDenied(Permanent, Conflict):
    """The credential is good, and may not do this; the message names what is missing where the host does."""

    default_code = "forge.permission_denied"


class EmptyRepository(Permanent, Conflict):
    """There is no commit yet, so there is nothing to branch from."""

    default_code = "forge.repository_empty"


class NoDefaultBranch(Permanent, Conflict):
    """There are branches, but the one that HEAD names is missing."""

    default_code = "forge.no_default_branch"


class RefNotFound(Permanent, NotFound):
    """The branch, tag or commit is not in the repository."""

    default_code = "forge.ref_not_found"


class HistoryMissing(Permanent, Conflict):
    """Older commits are not in the repository: it is a shallow copy, or damaged."""

    default_code = "forge.history_missing"


class RepositoryExists(Permanent, Conflict):
    """The name is taken, perhaps in other letters' case."""

    default_code = "forge.repository_exists"


class InvalidName(Permanent, UserError):
    """A repository or branch may not be called that."""

    default_code = "forge.invalid_name"


class InvalidPath(Permanent, UserError):
    """A file may not be written at that path."""

    default_code = "forge.invalid_path"


class ChangeTooLarge(Permanent, UserError):
    """A change holds too many or too large files."""

    default_code = "forge.change_too_large"


class TreeTooLarge(Permanent, UserError):
    """A folder holds more than a read may take in."""

    default_code = "forge.tree_too_large"


class EmptyChange(Permanent, UserError):
    """The repository already is as the change wants it."""

    default_code = "forge.empty_change"


class NothingBefore(Permanent, UserError):
    """A change began something, so there is no earlier state to go back to."""

    default_code = "forge.nothing_before"


class PolicyRejected(Permanent, UserError):
    """The code host's own rules (a hook, a protected branch) refuse it, in its words."""

    default_code = "forge.policy_rejected"


class BranchOccupied(Permanent, Conflict):
    """The branch carries somebody else's commit, or its name stands in the way of ours."""

    default_code = "forge.branch_occupied"


class PullRequestNotFound(Permanent, NotFound):
    """There is no pull request of that number."""

    default_code = "forge.pull_request_not_found"


class AlreadyExists(Permanent, Conflict):
    """An open pull request leads from this branch to that one already."""

    default_code = "forge.pull_request_exists"


class PullRequestNotOpen(Permanent, Conflict):
    """It was merged or closed already."""

    default_code = "forge.pull_request_not_open"


class HeadMoved(Permanent, Conflict):
    """New commits arrived after the person looked; they must be looked at first."""

    default_code = "forge.head_moved"


class MergeConflict(Permanent, Conflict):
    """Both sides changed the same lines."""

    default_code = "forge.merge_conflict"


class NotAllowed(Permanent, UserError):
    """The pull request's rules forbid it, such as approving one's own."""

    default_code = "forge.not_allowed"


class ReviewersRefused(Permanent, UserError):
    """Some of the people asked cannot review; the message names them."""

    default_code = "forge.reviewers_refused"


class CredentialMissing(Permanent, Conflict):
    """Nobody gave Flagstone what it needs to sign in at the code host."""

    default_code = "forge.credential_missing"


class InvalidAddress(Permanent, UserError):
    """A code host cannot be spoken to at that address, or not safely."""

    default_code = "forge.invalid_address"


class UnfitSecret(Permanent, UserError):
    """That cannot be a secret of this kind; the message never repeats it."""

    default_code = "forge.unfit_secret"
