"""The bare repositories under one root folder: their names, and how one is made."""

from __future__ import annotations

import errno
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from flagstone.forge.errors import InvalidName, RepositoryExists, RepositoryGone
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.command import Git
from flagstone.forge.git.commits import CommitMeta, fast_import_stream
from flagstone.forge.git.environment import clean_environment
from flagstone.forge.git.limits import ProcessLimits
from flagstone.forge.hosts.local.store import exclusive

DEFAULT_BRANCH = "main"
_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")
_OWN_ENDINGS = (".git", ".pulls", ".lock")
_DRAFT = ".draft-"
# a push is kept as the pack it came as (a third faster), git tidies up inside its time limit, and
# nobody writes the refs of pull requests
_CONFIG = """[receive]
\tfsckObjects = true
\tunpackLimit = 1
\thideRefs = refs/pull
[uploadpack]
\tallowFilter = true
[gc]
\tautoDetach = false
"""


def check_full_name(full_name: str) -> None:
    """Refuse a name that is not `owner/name` in plain letters.

    Raises:
        InvalidName: With what is allowed.
    """
    parts = full_name.split("/")
    if len(parts) != 2 or not all(_is_fit(part) for part in parts):
        raise InvalidName(
            f"A repository cannot be called {full_name!r}. Write it as owner/name, each of letters, "
            "digits, dots, dashes and underscores, beginning with a letter or digit.",
            name=full_name,
        )


def _is_fit(part: str) -> bool:
    return (
        bool(_PART.fullmatch(part)) and ".." not in part and not part.lower().endswith(_OWN_ENDINGS)
    )


class LocalRepositories:
    """Where each repository lies: `<root>/<owner>/<name>.git`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, full_name: str) -> Path:
        check_full_name(full_name)
        return self.root / f"{full_name}.git"

    def pulls(self, full_name: str) -> Path:
        check_full_name(full_name)
        return self.root / f"{full_name}.pulls"

    def existing(self, full_name: str) -> Path:
        """Return the folder of a repository that is there.

        Raises:
            RepositoryGone: It is not.
        """
        folder = self.folder(full_name)
        if not (folder / "objects").is_dir():
            raise RepositoryGone(
                f"The repository {full_name} is gone: its folder is not there any more. "
                "Restore it, or unregister it in Flagstone.",
                repository=full_name,
            )
        return folder

    def git(self, full_name: str, *, limits: ProcessLimits | None = None) -> Git:
        """Return git, standing in a repository that is there; `limits` are what a command may take."""
        return _git(self.existing(full_name), limits)

    def names(self) -> list[str]:
        """List every repository under the root."""
        return sorted(
            f"{folder.parent.name}/{folder.name.removesuffix('.git')}"
            for folder in self.root.glob("*/*.git")
            if (folder / "objects").is_dir()
        )

    def create(
        self, full_name: str, *, description: str, files: ChangeSet, meta: CommitMeta
    ) -> None:
        """Make a repository with its first commit under another name, and give it its name when whole.

        Raises:
            RepositoryExists: There is one of that name, or one that differs only by case.
        """
        target = self.folder(full_name)
        with exclusive(self.root):
            self._check_free(full_name)
            target.parent.mkdir(exist_ok=True)
            for left in target.parent.glob(_DRAFT + "*"):  # of a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=target.parent))
            try:
                _fill(draft, description, files, meta)
                draft.rename(target)
            except OSError as error:
                if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                    raise
                raise _taken(full_name, full_name) from error
            finally:
                shutil.rmtree(draft, ignore_errors=True)

    def delete(self, full_name: str, *, only_if: Callable[[], bool]) -> bool:
        """Remove a repository if the condition holds, and tell whether it did."""
        folder = self.existing(full_name)
        with exclusive(self.root):
            if not only_if():
                return False
            # the name is free at once; what a killed process leaves of the rest, `create` removes
            doomed = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=folder.parent))
            folder.rename(doomed / folder.name)
            shutil.rmtree(doomed, ignore_errors=True)
            shutil.rmtree(self.pulls(full_name), ignore_errors=True)
        return True

    def _check_free(self, full_name: str) -> None:
        for name in self.names():
            if name.casefold() == full_name.casefold():
                raise _taken(full_name, name)


def _taken(wanted: str, existing: str) -> RepositoryExists:
    how = "exists already" if wanted == existing else f"differs from {existing} only by case"
    return RepositoryExists(
        f"The repository {wanted} {how}. Choose another name.", name=wanted, existing=existing
    )


def _git(folder: Path, limits: ProcessLimits | None = None) -> Git:
    environment = clean_environment(folder)
    environment["GIT_DIR"] = str(folder)
    return Git(folder, environment, limits=limits)


def _fill(draft: Path, description: str, files: ChangeSet, meta: CommitMeta) -> None:
    git = _git(draft)
    git.run("init", "--quiet", "--bare", "--template=", f"--initial-branch={DEFAULT_BRANCH}")
    with (draft / "config").open("a", encoding="utf-8") as config:
        config.write(_CONFIG)
    (draft / "description").write_text(" ".join(description.split()) + "\n", encoding="utf-8")
    stream = fast_import_stream(files, meta, ref=f"refs/heads/{DEFAULT_BRANCH}", base=None)
    git.run("fast-import", "--quiet", "--done", stdin=stream)
    draft.chmod(0o755)
