"""A change's commit and branch: built, pushed with the exact lease, and looked at again where it is unclear."""

from __future__ import annotations

import contextlib
from functools import partial

from django.utils import timezone

from flagstone.forge.connections import connect
from flagstone.forge.credentials import signing_key_of
from flagstone.forge.errors import (
    BranchOccupied,
    ForgeError,
    PolicyRejected,
    RefNotFound,
    StaleLease,
)
from flagstone.forge.git.attributes import read_marks
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.commits import CommitMeta, Person
from flagstone.forge.git.pushing import PushOutcome, PushResult
from flagstone.forge.git.remotes import RemoteRefs, check_unblocked
from flagstone.forge.git.workspace import Commit, GitWorkspace
from flagstone.forge.models import ChangeRequest, ChangeState, Repository
from flagstone.forge.people import committer_at
from flagstone.forge.pipeline.marking import marks_at
from flagstone.forge.pipeline.recording import record_progress


def publish(change: ChangeRequest) -> None:
    """Build the commit and push its branch, unless the branch is ours already.

    Raises:
        BranchOccupied: Somebody else's commit stands there.
        PolicyRejected: The code host's rules refuse the branch.
        EmptyChange: There is nothing to change.
        ForgeError: As git or the code host say.
    """
    remote = connect(change.repository.host).git_remote(change.repository.full_name)
    with GitWorkspace(remote) as workspace:
        refs = workspace.observe(change.target_branch, change.branch)
        if found := _own_commit(change, refs):
            _record_push(change, found)
            return
        check_unblocked(refs, change.branch)
        target = target_commit(change, refs)
        changes = change.change_set()
        commit = workspace.build_commit(change.based_on or target, changes, commit_meta(change))
        # before anybody can see it, so that a branch with this commit is known to be ours
        record_progress(
            change,
            ChangeState.COMMITTED,
            base_commit=commit.base,
            commit=commit.sha,
            built_commits=built_with(change, commit),
        )
        outcome = workspace.push(commit, change.branch, expected=None)
        found = _settle_push(change, workspace, commit, outcome)
        _note_marks(change.repository, workspace, commit, changes)
    _record_push(change, found)


def built_with(change: ChangeRequest, commit: Commit) -> list[str]:
    """Return the commits that Flagstone built for a change, with one more."""
    return [*(each for each in change.built_commits if each != commit.sha), commit.sha]


def standing_at(change: ChangeRequest, found: str) -> dict[str, str]:
    """Return what the row must say anew when the branch stands at a commit of ours, maybe an earlier one."""
    return {} if found == change.commit else {"commit": found, "base_commit": ""}


def _note_marks(
    repository: Repository, workspace: GitWorkspace, commit: Commit, changes: ChangeSet
) -> None:
    """Read what the pull request's size will ask for while its target is here; without it, it is fetched again."""
    read = partial(read_marks, workspace, commit.base)
    with contextlib.suppress(ForgeError):
        marks_at(repository, commit.base, changes.files, read)


def _record_push(change: ChangeRequest, found: str) -> None:
    """Note when it was pushed first: a code host has a minute to see it."""
    pushed_at = change.pushed_at or timezone.now()
    record_progress(change, ChangeState.PUSHED, pushed_at=pushed_at, **standing_at(change, found))


def target_commit(change: ChangeRequest, refs: RemoteRefs) -> str:
    """Return the commit that the target branch stands at.

    Raises:
        RefNotFound: It is gone.
    """
    if change.target_branch in refs.branches:
        return refs.branches[change.target_branch]
    refs.head()  # says it better where the whole repository is empty
    raise RefNotFound(
        f"The branch {change.target_branch!r} of {refs.name} is gone; nothing can be merged into it.",
        ref=change.target_branch,
    )


def commit_meta(change: ChangeRequest) -> CommitMeta:
    """Return who, when and why, the same whenever it is asked."""
    host = change.repository.host
    author = Person(change.author_name, change.author_email)
    return CommitMeta(
        subject=change.title,
        body=change.body,
        author=author,
        at=change.created_at,
        committer=committer_at(host),
        signing_key=signing_key_of(host),
        trailers=(
            ("Change-Request-Id", str(change.pk)),
            ("Requested-by", f"{author.name} <{author.email}>"),
        ),
    )


def _own_commit(change: ChangeRequest, refs: RemoteRefs) -> str:
    """Return the commit of ours that the branch stands at, "" where there is no such branch.

    Raises:
        BranchOccupied: It stands at somebody else's.
    """
    found = refs.branches.get(change.branch)
    if found is not None and found not in change.built_commits:
        raise BranchOccupied(
            f"The branch {change.branch} of {refs.name} holds a commit that is not Flagstone's "
            f"({found[:12]}). It was left as it is: look at it, delete the branch, and resume.",
            branch=change.branch,
            found=found,
        )
    return found or ""


def _settle_push(
    change: ChangeRequest, workspace: GitWorkspace, commit: Commit, outcome: PushOutcome
) -> str:
    """Return the commit of ours that the branch holds, whatever git said of the push."""
    if outcome.result in {PushResult.PUSHED, PushResult.UP_TO_DATE}:
        return commit.sha
    if outcome.result is PushResult.REJECTED:
        raise refused_push(change, workspace, outcome)
    found = _own_commit(change, workspace.observe(change.branch))
    if not found:
        raise StaleLease(
            f"The branch {change.branch} could not be pushed to {workspace.remote.name}: "
            f"{outcome.message or 'no reason was given'}"
        )
    return found


def refused_push(
    change: ChangeRequest, workspace: GitWorkspace, outcome: PushOutcome
) -> PolicyRejected:
    """Return the error of a branch that the code host's own rules do not take."""
    return PolicyRejected(
        f"{workspace.remote.name} refuses the branch {change.branch}: {outcome.message}",
        branch=change.branch,
    )
