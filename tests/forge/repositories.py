"""Small real repositories for the tests, and the ways in which people push to them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.git.command import Git
from flagstone.forge.git.commits import CommitMeta, Person
from flagstone.forge.git.process import Completed
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.hosts.local import LocalForge

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MIA = Person("Mia Wong", "mia@example.com")


def git(folder: Path, *words: str, stdin: str | None = None) -> str:
    """Run git as a person would, by hand, and return what it says."""
    done = subprocess.run(
        ["git", *words],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            "GIT_AUTHOR_NAME": "Hand", "GIT_AUTHOR_EMAIL": "hand@example.com",
            "GIT_COMMITTER_NAME": "Hand", "GIT_COMMITTER_EMAIL": "hand@example.com",
        },
    )  # fmt: skip
    return done.stdout.strip()


def change_set(
    files: Mapping[str, str | bytes | FileContent | None], *, allow_workflows: bool = False
) -> ChangeSet:
    """Write a change as a dictionary of texts; None deletes."""
    contents: dict[str, FileContent | None] = {}
    for path, content in files.items():
        if isinstance(content, str):
            contents[path] = FileContent(content.encode())
        elif isinstance(content, bytes):
            contents[path] = FileContent(content)
        else:
            contents[path] = content
    return ChangeSet(contents, allow_workflows=allow_workflows)


def meta(subject: str = "Change", **fields: object) -> CommitMeta:
    return CommitMeta(subject=subject, body="", author=MIA, at=NOON, **fields)  # type: ignore[arg-type]


def make_repository(
    root: Path,
    files: Mapping[str, str | bytes | FileContent | None],
    *,
    full_name: str = "acme/gitops",
) -> Path:
    """Make a repository on the local code host and return its bare folder."""
    LocalForge(root).create_repository(
        full_name, description="", files=change_set(files, allow_workflows=True), meta=meta("Begin")
    )
    return root / f"{full_name}.git"


def remote(bare: Path) -> GitRemote:
    return GitRemote(name=bare.stem, url=str(bare), objects=bare / "objects")


def push_by_hand(
    bare: Path,
    scratch: Path,
    files: Mapping[str, str | None],
    *,
    branch: str = "main",
    start: str = "main",
    message: str = "By hand",
) -> str:
    """Clone, commit and push like a person; return the commit's id."""
    clone = scratch / f"clone-{len(list(scratch.glob('clone-*')))}"
    git(scratch, "clone", "--quiet", str(bare), str(clone))
    git(clone, "checkout", "--quiet", "-B", branch, f"origin/{start}")
    for path, text in files.items():
        place = clone / path
        if text is None:
            place.unlink()
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", message)
    git(clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    return git(clone, "rev-parse", "HEAD")


def record_commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that every git command of ours adds its name to, and run it all the same."""
    commands: list[str] = []
    plain = Git.execute

    def execute(self: Git, command: Sequence[str], **limits: Any) -> Completed:
        commands.append(command[1])
        return plain(self, command, **limits)

    monkeypatch.setattr(Git, "execute", execute)
    return commands


def files_at(bare: Path, ref: str) -> dict[str, str]:
    """Return every file of a commit as mode and text."""
    listing = git(bare, "ls-tree", "-r", "-z", ref)
    found = {}
    for entry in filter(None, listing.split("\0")):
        head, _, path = entry.partition("\t")
        mode, _, blob = head.split()
        text = subprocess.run(
            ["git", "cat-file", "blob", blob], cwd=bare, capture_output=True, check=True
        ).stdout.decode()
        found[path] = text if mode == "100644" else f"{mode} {text}"
    return found
