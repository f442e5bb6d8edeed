"""What taking the last change to a folder back would do, read from the repository as it is at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flagstone.forge.connections import connect
from flagstone.forge.errors import (
    ChangeTooLarge,
    EmptyChange,
    ForgeError,
    InvalidPath,
    MergeConflict,
    NothingBefore,
    RefNotFound,
)
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.comparing import read_diff
from flagstone.forge.git.diffs import FileDiff
from flagstone.forge.git.landed import LandedChange, find_landed, folder_tree, is_part_of
from flagstone.forge.git.reverting import revert
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.models import Repository

MOST_CHANGES = 10

# what stands in the way of this one change, and may not of another
_OBSTACLES = (ChangeTooLarge, EmptyChange, InvalidPath, MergeConflict, NothingBefore)


@dataclass(frozen=True, slots=True)
class RevertPlan:
    """What is taken back, and what that gives.

    Attributes:
        repository: Where.
        folder: From its root.
        head: Where the default branch stands.
        tree: Id of the folder's content there: while it stays the same, so does the plan.
        change: What is taken back.
        recent: The last changes to the folder, the newest first; `change` is one of them.
        changes: The files that do it; None where it cannot be done.
        files: What they differ in from today.
        obstacle: Why it cannot be done.
    """

    repository: Repository
    folder: str
    head: str
    tree: str
    change: LandedChange
    recent: Sequence[LandedChange]
    changes: ChangeSet | None = None
    files: Sequence[FileDiff] = ()
    obstacle: ForgeError | None = None

    @property
    def is_last(self) -> bool:
        """Tell whether nothing changed the folder after it."""
        return self.change == self.recent[0]


def plan_revert(repository: Repository, folder: str, *, commit: str = "") -> RevertPlan:
    """Work out how a change to a folder is taken back.

    Args:
        repository: Where the folder is.
        folder: From its root.
        commit: One of the last changes; the newest one when left out.

    Raises:
        RefNotFound: The folder was never there, or the commit is none of its last changes.
        ForgeError: The repository is gone, or cannot be read now.
    """
    with GitWorkspace(connect(repository.host).git_remote(repository.full_name)) as workspace:
        head = workspace.observe().head()
        recent = find_landed(workspace, head, folder, most=MOST_CHANGES)
        change = _picked(recent, commit, repository, folder)
        plan = RevertPlan(
            repository=repository,
            folder=folder,
            head=head,
            tree=folder_tree(workspace.git, head, folder),
            change=change,
            recent=recent,
        )
        return _worked_out(plan, workspace)


def holds_commit(repository: Repository, commit: str, *, of: str) -> bool:
    """Tell whether a commit is part of another's history; one that is nowhere to be found is not.

    Raises:
        ForgeError: The repository is gone, or cannot be read now.
    """
    with GitWorkspace(connect(repository.host).git_remote(repository.full_name)) as workspace:
        return is_part_of(workspace, commit, of)


def _picked(
    recent: Sequence[LandedChange], commit: str, repository: Repository, folder: str
) -> LandedChange:
    if not recent:
        raise RefNotFound(
            f"Nothing on the default branch of {repository.full_name} ever changed {folder}: "
            "there is nothing to take back.",
            folder=folder,
        )
    if not commit:
        return recent[0]
    found = next((each for each in recent if each.commit == commit), None)
    if found is None:
        raise RefNotFound(
            f"{commit[:12]} is none of the last {MOST_CHANGES} changes to {folder} in {repository.full_name}. "
            "Take one of those back, or revert it by hand.",
            ref=commit,
        )
    return found


def _worked_out(plan: RevertPlan, workspace: GitWorkspace) -> RevertPlan:
    try:
        changes = revert(workspace, plan.change, head=plan.head, folder=plan.folder)
        files = _differences(plan, changes, workspace)
    except _OBSTACLES as error:
        return replace(plan, obstacle=error)
    return replace(plan, changes=changes, files=files)


def _differences(
    plan: RevertPlan, changes: ChangeSet, workspace: GitWorkspace
) -> Sequence[FileDiff]:
    """Build the commit as it will be built when it is shipped, which proves it, and compare."""
    meta = CommitMeta(subject="", body="", author=plan.change.author, at=plan.change.at)
    built = workspace.build_commit(plan.head, changes, meta)
    return read_diff(workspace.git, plan.head, built.sha)
