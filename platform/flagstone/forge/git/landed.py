"""What landed on a branch: the commits of its own line that changed files below a folder, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flagstone.forge.errors import GitFailed, HistoryMissing
from flagstone.forge.git.command import Git
from flagstone.forge.git.commits import Person
from flagstone.forge.git.workspace import GitWorkspace

# how far back a repository elsewhere is read, a little at first
_DEPTHS = (50, 500, 5_000)
_FIELDS = ("%H", "%P", "%an", "%ae", "%ct", "%s")
# of the year 9999: commits may carry any number
_LAST_SECOND = 253_402_300_799


@dataclass(frozen=True, slots=True)
class LandedChange:
    """One step of a branch: a plain commit, a squashed one, or the merge of another branch.

    Attributes:
        commit: Its id.
        parent: Where the branch stood before; "" for its very first commit.
        is_merge: It has further parents.
        author: Who made it; of a merge that is who merged.
        at: When it came to be, as its committer says.
        subject: The first line of its message.
    """

    commit: str
    parent: str
    is_merge: bool
    author: Person
    at: datetime
    subject: str


def find_landed(
    workspace: GitWorkspace, head: str, folder: str, *, most: int
) -> list[LandedChange]:
    """Find the last changes to a folder, and make them readable in the workspace.

    A repository elsewhere is read a little way at first, and further until there is one.

    Args:
        workspace: Of the repository.
        head: Where the branch stands.
        folder: From the repository's root; "" for everything.
        most: How many at the most.

    Raises:
        HistoryMissing: It was changed longer ago than is read, or the repository is itself not whole.
        TransportError: It could not be reached.
    """
    for depth in _DEPTHS:
        workspace.fetch_recent(head, depth=depth)
        found = _landed(workspace.git, head, folder, most, name=workspace.remote.name)
        if found and _is_cut_off(workspace.git, found[-1]):
            found.pop()
        if found or not _is_shallow(workspace.git):
            return found
    raise HistoryMissing(
        f"The last {_DEPTHS[-1]:,} commits of {workspace.remote.name} changed nothing below {folder}; "
        "it is not looked for further back.",
        repository=workspace.remote.name,
    )


def is_part_of(workspace: GitWorkspace, commit: str, of: str) -> bool:
    """Tell whether a commit is part of another's history, as far as a repository elsewhere is read back.

    Raises:
        GitFailed: The commits are not there.
        TransportError: The repository could not be reached.
    """
    if commit == of:
        return True
    if workspace.remote.objects is not None:
        done = workspace.git.run("merge-base", "--is-ancestor", commit, of, accept=(0, 1))
        return done.status == 0
    for depth in _DEPTHS[:2]:
        workspace.fetch_recent(of, depth=depth, names=False)
        # asking for the commit itself would have git fetch it
        if commit in workspace.git.run("rev-list", of).stdout.decode().split():
            return True
        if not _is_shallow(workspace.git):
            break
    return False


def folder_tree(git: Git, commit: str, folder: str) -> str:
    """Return the id of a folder's content at a commit; "" where there is no such folder."""
    if not folder:
        return git.run("rev-parse", "--verify", f"{commit}^{{tree}}").stdout.decode().strip()
    done = git.run("ls-tree", "-d", "-z", "--full-tree", commit, "--", folder)
    return next((row.split()[2].decode() for row in done.stdout.split(b"\0") if row), "")


def _landed(git: Git, head: str, folder: str, most: int, *, name: str) -> list[LandedChange]:
    fields = "%n".join(_FIELDS)
    place = ["--", folder] if folder else []
    try:
        done = git.run(
            "log", "--first-parent", f"--max-count={most}", f"--format={fields}", head, *place
        )
    except GitFailed as error:
        raise HistoryMissing(
            f"The history of {name} is not all there: {error.message}. "
            "Fetch the whole repository (a shallow copy has no past), then try again.",
            repository=name,
        ) from error
    lines = done.stdout.decode("utf-8", "replace").split("\n")
    rows = zip(*(iter(lines),) * len(_FIELDS), strict=False)
    return [_read(row) for row in rows]


def _read(row: tuple[str, ...]) -> LandedChange:
    commit, parents, name, email, at, subject = row
    first, *others = [*parents.split(), ""]
    seconds = int(at) if at.isdigit() else 0
    return LandedChange(
        commit=commit,
        parent=first,
        is_merge=len(others) > 1,
        author=Person(name, email),
        at=datetime.fromtimestamp(min(seconds, _LAST_SECOND), UTC),
        subject=subject,
    )


def _is_cut_off(git: Git, change: LandedChange) -> bool:
    """Tell whether a commit has parents that were not fetched: then it only seems to have changed everything."""
    if change.parent:
        return False
    head, _, _ = git.run("cat-file", "commit", change.commit).stdout.partition(b"\n\n")
    return b"\nparent " in head


def _is_shallow(git: Git) -> bool:
    return git.run("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
