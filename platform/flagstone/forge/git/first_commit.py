"""The first commit of a repository that a code host has just made empty."""

from __future__ import annotations

from flagstone.forge.errors import BranchOccupied, PolicyRejected, TransportError
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.pushing import PushResult
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.workspace import GitWorkspace


def publish_first_commit(
    remote: GitRemote, files: ChangeSet, meta: CommitMeta, branch: str = "main"
) -> str:
    """Let a branch of an empty repository hold the files, and return the commit; doing it again is fine.

    Args:
        remote: The repository.
        files: All that it shall hold.
        meta: The people, the words and the time: the same ones give the same commit.
        branch: Its first branch.

    Raises:
        BranchOccupied: The branch holds another commit; it was left as it is.
        PolicyRejected: The code host's own rules refuse it.
        TransportError: The code host could not be reached, and the branch is not there.
        OutcomeUnknown: The branch may be there or not: call again.
    """
    with GitWorkspace(remote) as workspace:
        commit = workspace.build_commit(None, files, meta)
        found = workspace.observe(branch).branches.get(branch)
        said = ""
        if found is None:
            outcome = workspace.push(commit, branch, expected=None)
            if outcome.result in {PushResult.PUSHED, PushResult.UP_TO_DATE}:
                return commit.sha
            if outcome.result is PushResult.REJECTED:
                raise PolicyRejected(
                    f"{remote.name} refuses its first branch {branch}: {outcome.message}",
                    branch=branch,
                )
            said = outcome.message
            found = workspace.observe_after_write(branch).branches.get(branch)
    if found is None:
        raise TransportError(
            f"The first commit could not be pushed to {remote.name}: {said or 'no reason was given'}"
        )
    if found != commit.sha:
        raise BranchOccupied(
            f"The branch {branch} of {remote.name} holds a commit already ({found[:12]}) that is not "
            "its first one by Flagstone. It was left as it is: delete the repository at the code "
            "host, or choose another name.",
            branch=branch,
            found=found,
        )
    return commit.sha
