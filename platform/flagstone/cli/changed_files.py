"""What changed in a person's own clone since a revision: committed, not yet committed, untracked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flagstone.cli.past_files import contents_at
from flagstone.core.errors import UserError
from flagstone.forge.errors import GitFailed
from flagstone.forge.git.command import Git
from flagstone.forge.git.environment import clean_environment

_WHOLE_HISTORY = "fetch it all with `git fetch --unshallow` (in GitHub Actions: actions/checkout with fetch-depth: 0)"
_TIME_LIMIT = 120.0


@dataclass(frozen=True, slots=True)
class ChangedFiles:
    """What changed in a clone.

    Attributes:
        files: what changed below the folder that was asked about, relative to it; of a renamed file both names.
        before: what those held before, of which some text was there: None where there was no file.
        top: the folder of the clone.
        everywhere: all that changed in the clone, relative to `top`.
    """

    files: frozenset[str]
    before: Mapping[str, bytes | None]
    top: Path
    everywhere: frozenset[str]

    def below(self, place: Path) -> str:
        """The first changed file in a folder, or the file itself, from the top of the clone; "" if none."""
        resolved = place.resolve()
        if not resolved.is_relative_to(self.top):
            return ""
        inside = PurePosixPath(resolved.relative_to(self.top).as_posix())
        found = (name for name in self.everywhere if PurePosixPath(name).is_relative_to(inside))
        return min(found, default="")


def changed_files(path: Path, revision: str) -> ChangedFiles:
    """Return what changed since a branch left a revision.

    Files that are gone count, and of a renamed file both names.

    Args:
        path: a folder of a git work tree, or a file in one.
        revision: whatever git takes for a commit: `origin/main`, a tag, `HEAD~3`.

    Raises:
        UserError: there is no work tree, no such revision, or no history in common.
        ForgeError: git is missing, too old or too slow.
    """
    root = path.resolve()
    folder = root if root.is_dir() else root.parent
    top = _top(folder, path)
    git = _git(top)
    base = _merge_base(git, revision)
    listed = git.run(
        "diff", "--name-only", "-z", "--no-renames", "--no-relative", "--no-ext-diff",
        "--no-textconv", base, "--",
    ).stdout  # fmt: skip
    listed += git.run("ls-files", "-z", "--others", "--exclude-standard").stdout
    everywhere = frozenset(os.fsdecode(name) for name in listed.split(b"\0") if name)
    inside = {name: _inside(top / name, folder) for name in everywhere}
    wanted = {
        name: inner
        for name, inner in inside.items()
        if inner and (root == folder or inner == root.name)
    }
    contents = contents_at(git, base, wanted)
    before = {inner: contents.get(name) for name, inner in wanted.items()}
    return ChangedFiles(frozenset(wanted.values()), before, top, everywhere)


def _inside(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else ""


def _git(folder: Path) -> Git:
    home = Path(os.environ.get("HOME") or folder)
    environment = clean_environment(home)
    # a person's clone is theirs: whom they trust with it (safe.directory) stands in their own settings
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"):
        del environment[name]
    environment |= {
        name: os.environ[name]
        for name in ("XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")
        if name in os.environ
    }
    return Git(folder, environment, time_limit=_TIME_LIMIT)


def _top(folder: Path, path: Path) -> Path:
    try:
        answer = _git(folder).run("rev-parse", "--show-toplevel")
    except GitFailed as error:
        if "dubious ownership" in error.message:
            raise UserError(
                f"--changed-since cannot look into {path}: git does not trust it, because another "
                f"user owns it; allow it with `git config --global --add safe.directory {folder}`"
            ) from error
        raise UserError(
            f"--changed-since needs a git work tree, and {path} is in none: score a clone, "
            "or leave --changed-since out"
        ) from error
    return Path(os.fsdecode(answer.stdout.removesuffix(b"\n"))).resolve()


def _merge_base(git: Git, revision: str) -> str:
    wanted = _commit(git, revision)
    if wanted is None:
        hint = f"; this clone is shallow: {_WHOLE_HISTORY}" if _is_shallow(git) else ""
        raise UserError(
            f"--changed-since {revision}: there is no such revision here; "
            f"see `git branch --all`, or fetch it first{hint}"
        )
    if _commit(git, "HEAD") is None:
        raise UserError("--changed-since: nothing is committed here yet; leave it out")
    answer = git.run("merge-base", wanted, "HEAD", accept=(0, 1))
    if answer.status == 0:
        return answer.stdout.split(b"\n")[0].decode("ascii")
    if _is_shallow(git):
        raise UserError(
            f"--changed-since {revision}: this clone is shallow and does not reach back to where "
            f"the branch left it; {_WHOLE_HISTORY}"
        )
    raise UserError(
        f"--changed-since {revision}: it has no history in common with what is checked out; "
        "name a revision that this branch comes from"
    )


def _commit(git: Git, revision: str) -> str | None:
    answer = git.run(
        "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}",
        accept=None,
    )  # fmt: skip
    found = answer.stdout.strip().decode("ascii", "replace")
    return found if answer.status == 0 and found else None


def _is_shallow(git: Git) -> bool:
    return git.run("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
