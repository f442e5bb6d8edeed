"""Builds an open change again on what its target branch holds now; commits of others on its branch stay.

The row lists the new commit before the push, so that a worker that finds it knows it for ours, and names it as the
branch's after the push.
"""

from __future__ import annotations

from flagstone.forge.connections import connect
from flagstone.forge.errors import EmptyChange, StaleLease
from flagstone.forge.git.pushing import PushResult
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.markers import hidden_mark
from flagstone.forge.models import ChangeRequest, ChangeState
from flagstone.forge.people import BOT_ACCOUNT
from flagstone.forge.pipeline.publishing import (
    built_with,
    commit_meta,
    refused_push,
    standing_at,
    target_commit,
)
from flagstone.forge.pipeline.pull_requests import refresh_pull_request
from flagstone.forge.pipeline.recording import record_progress

_LEFT_ALONE = hidden_mark("left-alone")


def rebuild(change: ChangeRequest) -> None:
    """Move the branch of a change to a commit on its target branch's newest one.

    Raises:
        StaleLease: Somebody pushed in the meantime: the next look decides.
        ForgeError: As git or the code host say.
    """
    remote = connect(change.repository.host).git_remote(change.repository.full_name)
    with GitWorkspace(remote) as workspace:
        refs = workspace.observe(change.target_branch, change.branch)
        found = refs.branches.get(change.branch)
        if found not in {None, *change.built_commits}:
            _leave_alone(change, str(found))
            return
        try:
            commit = workspace.build_commit(
                target_commit(change, refs), change.change_set(), commit_meta(change)
            )
        except EmptyChange:
            words = f"{change.target_branch} holds all of it already; close the pull request."
            stands = standing_at(change, found or change.commit)
            record_progress(change, ChangeState.OPENED, warnings=[words], **stands)
            return
        record_progress(change, ChangeState.REBUILDING, built_commits=built_with(change, commit))
        outcome = workspace.push(commit, change.branch, expected=found)
        if outcome.result is PushResult.REJECTED:
            raise refused_push(change, workspace, outcome)
        if outcome.result not in {PushResult.PUSHED, PushResult.UP_TO_DATE}:
            raise StaleLease(
                f"The branch {change.branch} could not be rebuilt at {remote.name}: "
                f"{outcome.message or 'no reason was given'}"
            )
    record_progress(change, ChangeState.DECORATING, commit=commit.sha, base_commit=commit.base)
    if change.pull_request is not None:
        refresh_pull_request(change.pull_request)


def _leave_alone(change: ChangeRequest, found: str) -> None:
    """Say once that the branch has other people's commits, and go on as before."""
    words = (
        f"The branch {change.branch} holds commits that are not Flagstone's ({found[:12]}), so it was left "
        f"as it is. Merge or rebase {change.target_branch} into it by hand."
    )
    if change.pull_request is not None:
        connect(change.repository.host).upsert_comment(
            change.repository.full_name,
            change.pull_request.number,
            by=BOT_ACCOUNT,
            body=words,
            marker=_LEFT_ALONE,
        )
        refresh_pull_request(change.pull_request)
    record_progress(change, ChangeState.OPENED, warnings=[words])
