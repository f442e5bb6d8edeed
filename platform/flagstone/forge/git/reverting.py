"""Takes one change back on what a branch holds today, in one folder: a merge, so what came later to other lines stays.

git 2.39 merges two commits over their common ancestor and no other base. So three commits are written that nobody
ever sees: the folder after the change, and on it, side by side, the folder of today and the folder before the change.
"""

from __future__ import annotations

from collections.abc import Iterator

from flagstone.forge.errors import EmptyChange, InvalidPath, MergeConflict, NothingBefore
from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.git.command import Git
from flagstone.forge.git.commits import BOT, EMPTY_TREE, Difference, parse_raw_differences
from flagstone.forge.git.comparing import try_merge
from flagstone.forge.git.landed import LandedChange, folder_tree
from flagstone.forge.git.reading import read_blobs
from flagstone.forge.git.workspace import GitWorkspace

_FILE_MODES = {"000000": None, "100644": False, "100755": True}
_MOST_NAMED = 5


def revert(workspace: GitWorkspace, change: LandedChange, *, head: str, folder: str) -> ChangeSet:
    """Return the files that take a change to a folder back.

    Args:
        workspace: Where the change, its parent and the head are readable, see `find_landed`.
        change: What is taken back.
        head: Where the branch stands today.
        folder: From the repository's root; "" for everything. What the change did elsewhere stays.

    Raises:
        NothingBefore: The change began the folder.
        EmptyChange: Today's folder holds nothing of the change.
        MergeConflict: The same lines were changed again since.
        InvalidPath: It changed a symbolic link, a submodule, or a file that Flagstone does not write.
        ChangeTooLarge: It is more than one pull request should carry.
    """
    git = workspace.git
    after, now = (folder_tree(git, at, folder) or EMPTY_TREE for at in (change.commit, head))
    before = folder_tree(git, change.parent, folder) if change.parent else ""
    place = folder or workspace.remote.name
    if not before and after != EMPTY_TREE:
        raise NothingBefore(
            f"{change.commit[:12]} began {place}: there is no earlier state to go back to. "
            "To take it out of production, delete it in a pull request of its own.",
            commit=change.commit,
        )
    before = before or EMPTY_TREE
    _fetch_contents(workspace, (after, before), (after, now))
    trial = try_merge(git, *_sides(git, after=after, before=before, now=now))
    if not trial.is_clean:
        raise _conflict(change, folder, trial.conflicts)
    if trial.tree == now:
        raise EmptyChange(
            f"{place} holds nothing of {change.commit[:12]} any more: there is nothing left to take back.",
            commit=change.commit,
        )
    return _change_set(git, now, trial.tree, folder)


def _sides(git: Git, *, after: str, before: str, now: str) -> tuple[str, str]:
    """Return two commits over a common one: today's folder, and the one before the change."""
    base = _write_commit(git, after)
    return _write_commit(git, now, base), _write_commit(git, before, base)


def _write_commit(git: Git, tree: str, *parents: str) -> str:
    person = f"{BOT.name} <{BOT.email}> 0 +0000"
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    text = "\n".join([*lines, f"author {person}", f"committer {person}", "", ""])
    done = git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode())
    return done.stdout.decode().strip()


def _fetch_contents(workspace: GitWorkspace, *pairs: tuple[str, str]) -> None:
    """Fetch what the merge will read at once: git itself would ask for one file after the other."""
    if workspace.remote.objects is not None:
        return
    wanted = {blob for one, other in pairs for blob in _blobs_between(workspace.git, one, other)}
    workspace.fetch_objects(*sorted(wanted))


def _blobs_between(git: Git, one: str, other: str) -> Iterator[str]:
    for here, there in ((one, other), (other, one)):
        for difference in _differences(git, here, there):
            if difference.new_mode not in {"000000", "160000"}:
                yield difference.new_blob


def _differences(git: Git, one: str, other: str) -> list[Difference]:
    done = git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", one, other)
    return parse_raw_differences(done.stdout)


def _change_set(git: Git, now: str, wanted: str, folder: str) -> ChangeSet:
    differences = _differences(git, now, wanted)
    prefix = f"{folder}/" if folder else ""
    for difference in differences:
        if not {difference.old_mode, difference.new_mode} <= _FILE_MODES.keys():
            raise InvalidPath(
                f"{prefix}{difference.path} is a symbolic link or submodule; Flagstone does not write those. "
                "Take the change back by hand.",
                path=prefix + difference.path,
            )
    stays = [each for each in differences if each.new_mode != "000000"]
    contents = read_blobs(git, [each.new_blob for each in stays])
    files: dict[str, FileContent | None] = {prefix + each.path: None for each in differences}
    for each in stays:
        is_executable = bool(_FILE_MODES[each.new_mode])
        files[prefix + each.path] = FileContent(contents[each.new_blob], executable=is_executable)
    return ChangeSet(files)


def _conflict(change: LandedChange, folder: str, paths: tuple[str, ...]) -> MergeConflict:
    prefix = f"{folder}/" if folder else ""
    named = [prefix + path for path in paths]
    shown = ", ".join(named[:_MOST_NAMED])
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    how = f"git revert {'-m 1 ' if change.is_merge else ''}{change.commit[:12]}"
    return MergeConflict(
        f"The same lines were changed again after {change.commit[:12]}: {shown}{more}. Take the later change back "
        f"first, or do it by hand: `{how}`, mend these files, and open a pull request.",
        commit=change.commit,
        paths=named,
    )
