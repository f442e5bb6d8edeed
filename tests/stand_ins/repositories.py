"""Real bare repositories behind a stand-in's API: what git pushes, the API shows, and a merge is a merge."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_SETTINGS = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C.UTF-8"}


class Conflict(Exception):
    """The two sides do not go together."""


@dataclass(frozen=True)
class CommitSeen:
    """A commit as the API tells of it."""

    sha: str
    parents: tuple[str, ...]
    author: str
    email: str
    at: datetime
    message: str


@dataclass(frozen=True)
class FileSeen:
    """A file that differs between two commits; `was` is its old name where it was renamed."""

    path: str
    additions: int
    deletions: int
    was: str = ""


class BareRepository:
    """One bare repository below a stand-in's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *words: str, stdin: str = "", accept: tuple[int, ...] = (0,)) -> str:
        """Run git in it, and return what it says without the line's end."""
        person = {"NAME": "Web", "EMAIL": "web@forge.example"}
        names = {
            f"GIT_{who}_{key}": value
            for who in ("AUTHOR", "COMMITTER")
            for key, value in person.items()
        }
        environment = {**os.environ, **_SETTINGS, **names, "GIT_DIR": str(self.folder)}
        done = subprocess.run(
            ["git", *words],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        if done.returncode not in accept:
            raise RuntimeError(f"git {' '.join(words)}: {done.stderr}")
        return done.stdout.rstrip("\n")

    def heads(self) -> dict[str, str]:
        """Return the commit of each branch."""
        rows = self.git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads/")
        return dict(line.split(" ") for line in rows.splitlines())

    def default_branch(self) -> str:
        return self.git("symbolic-ref", "--short", "HEAD")

    def commit(self, sha: str) -> CommitSeen | None:
        form = "--format=%H%n%P%n%an%n%ae%n%at%n%B"
        known = self.git(
            "rev-parse", "--quiet", "--verify", f"{sha}^{{commit}}", accept=(0, 1, 128)
        )
        if not known:
            return None
        sha, parents, author, email, at, message = self.git("show", "-s", form, known).split(
            "\n", 5
        )
        moment = datetime.fromtimestamp(int(at), UTC)
        return CommitSeen(sha, tuple(parents.split()), author, email, moment, message.rstrip("\n"))

    def commits(self, base: str, head: str) -> list[CommitSeen]:
        """List the commits of one side alone, the oldest first."""
        found = self.git("rev-list", "--reverse", "--topo-order", f"{base}..{head}")
        return [seen for sha in found.split() if (seen := self.commit(sha))]

    def files(self, base: str, head: str) -> list[FileSeen]:
        """List what a side changed since it left the other."""
        fields = self.git("diff", "--numstat", "-z", "-M", f"{base}...{head}").split("\0")
        found = []
        while len(fields) > 1:
            added, deleted, path = fields.pop(0).split("\t")
            was = ""
            if not path:
                was, path = fields.pop(0), fields.pop(0)
            lines = [0 if count == "-" else int(count) for count in (added, deleted)]
            found.append(FileSeen(path, lines[0], lines[1], was))
        return found

    def can_merge(self, base: str, head: str) -> bool:
        return bool(self._merged_tree(base, head))

    def merge(self, target: str, head: str, message: str, *, squash: bool = False) -> str:
        """Merge a commit into a branch, and return the new commit.

        Raises:
            Conflict: The two sides do not go together.
        """
        base = self.heads()[target]
        tree = self._merged_tree(base, head)
        if not tree:
            raise Conflict
        parents = ["-p", base] if squash else ["-p", base, "-p", head]
        merge = self.git("commit-tree", tree, *parents, "-m", message)
        self.git("update-ref", f"refs/heads/{target}", merge, base)
        return merge

    def write(
        self, branch: str, files: Mapping[str, str], *, base: str = "", message: str = "Change"
    ) -> str:
        """Put a commit with these files on a branch, as somebody's push would, and return it.

        Args:
            branch: Made where it is missing.
            files: Path to text.
            base: Branch that a new one leaves from; the default branch if empty.
            message: Of the commit.
        """
        heads = self.heads()
        parent = heads.get(branch) or heads.get(base or self.default_branch(), "")
        lines = [f"commit refs/heads/{branch}", "committer Ada <ada@example.com> 1767225600 +0000"]
        lines += [f"data {len(message.encode())}", message]
        lines += [f"from {parent}"] if parent else []
        for path, text in files.items():
            lines += [f"M 100644 inline {path}", f"data {len(text.encode())}", text]
        self.git("fast-import", "--quiet", "--force", stdin="\n".join([*lines, "", "done", ""]))
        return self.heads()[branch]

    def _merged_tree(self, base: str, head: str) -> str:
        said = self.git("merge-tree", "--write-tree", base, head, accept=(0, 1)).splitlines()
        return said[0] if len(said) == 1 else ""


class BareRepositories:
    """The bare repositories below a folder, at `<owner>/<name>.git`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, full_name: str) -> Path:
        return self.root / f"{full_name}.git"

    def create(self, full_name: str, *, branch: str = "main") -> BareRepository:
        """Make an empty one that takes pushes over HTTP."""
        folder = self.folder(full_name)
        folder.mkdir(parents=True)
        repository = BareRepository(folder)
        repository.git(
            "init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}", str(folder)
        )
        for name in ("http.receivepack", "uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
            repository.git("config", name, "true")
        return repository

    def get(self, full_name: str) -> BareRepository | None:
        folder = self.folder(full_name)
        return BareRepository(folder) if folder.is_dir() else None
