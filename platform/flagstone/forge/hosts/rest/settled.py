"""What a look at a pull request says of a merge that is asked for; the same at every code host."""

from __future__ import annotations

from flagstone.forge.errors import HeadMoved, MergeConflict, PullRequestNotOpen
from flagstone.forge.git.comparing import try_merge
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import PullRequestState


def is_merged_at(expected_head: str, *, name: str, state: PullRequestState, head: str) -> bool:
    """Tell whether a pull request was merged with this very head; False while it can be merged.

    Args:
        expected_head: The commit that was looked at.
        name: What people call it, such as `Pull request #7`.
        state: As the code host has it.
        head: Its last commit there.

    Raises:
        HeadMoved: It is open with another head.
        PullRequestNotOpen: It is closed, or merged with another head.
    """
    has_moved = head != expected_head
    if state is PullRequestState.OPEN:
        if has_moved:
            raise HeadMoved(
                f"{name} has new commits ({head[:12]}). Look at them, then merge.", head=head
            )
        return False
    if state is PullRequestState.CLOSED or has_moved:
        how = " with other commits" if has_moved else ""
        raise PullRequestNotOpen(f"{name} is {state.value} already{how}.", state=state.value)
    return True


def find_conflict(
    remote: GitRemote, base: str, head: str, *, number: int, source: str, target: str
) -> MergeConflict | None:
    """Try a merge by git, where a code host says the same of a conflict and of other reasons not to merge.

    Returns:
        The conflict with its files, or None where the two sides go together.
    """
    with GitWorkspace(remote) as workspace:
        for commit in (base, head):
            workspace.fetch_history(commit)
        trial = try_merge(workspace.git, base, head)
    if trial.is_clean:
        return None
    shown = ", ".join(trial.conflicts[:5])
    what = f"both sides changed {shown}" if shown else "the two branches have no common history"
    return MergeConflict(
        f"Pull request #{number} cannot be merged into {target}: {what}. Merge {target} into "
        f"{source}, or ask for the change again.",
        number=number,
        paths=list(trial.conflicts),
    )
