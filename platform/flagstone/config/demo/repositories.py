"""The demo's repositories at the local code host: made with their past, then taken on as anybody's are."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings

from flagstone.accounts.models import User
from flagstone.config.demo.rewinding import PastCommit
from flagstone.forge.actions import register_repository
from flagstone.forge.errors import EmptyChange, RepositoryExists
from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import CodeHost, Repository, RepositoryRole
from flagstone.forge.people import person_of

OWNER = "fintech"


def take_on(
    actor: User,
    host: CodeHost,
    name: str,
    description: str,
    past: Sequence[PastCommit],
    role: RepositoryRole,
    people: Mapping[str, User],
) -> Repository:
    """Make a repository with a past and register it; what is there already is not made again.

    Organisations come with repositories that are years old. This one comes in by the same door.
    """
    full_name = f"{OWNER}/{name}"
    known = Repository.objects.named(full_name).filter(host=host).exclude(head_commit="").first()
    if known is not None:
        return known
    first, *later = past
    forge = local_forge()
    with contextlib.suppress(RepositoryExists):  # made by a load that was stopped
        forge.create_repository(
            full_name,
            description=description,
            files=changes(first.files),
            meta=_meta(first, people),
        )
    _push_all(forge, full_name, later, people)
    return register_repository(actor=actor, host=host, full_name=full_name, role=role)


def push(
    repository: Repository,
    author: User,
    message: str,
    files: Mapping[str, bytes | None],
    at: datetime,
) -> None:
    """Push to the default branch as a person would, past Flagstone; done before, it changes nothing."""
    meta = CommitMeta(subject=message, body="", author=person_of(author), at=at)
    with GitWorkspace(local_forge().git_remote(repository.full_name)) as workspace:
        base = workspace.observe().head()
        try:
            commit = workspace.build_commit(base, changes(files), meta)
        except EmptyChange:
            return
        workspace.push(commit, repository.default_branch, expected=base)


def changes(files: Mapping[str, bytes | None]) -> ChangeSet:
    contents = {path: None if text is None else FileContent(text) for path, text in files.items()}
    return ChangeSet(contents, allow_workflows=True)


def local_forge(now: datetime | None = None) -> LocalForge:
    root = Path(settings.FLAGSTONE_LOCAL_HOST_ROOT)
    return LocalForge(root, now=lambda: now) if now else LocalForge(root)


def _push_all(
    forge: LocalForge, full_name: str, commits: Sequence[PastCommit], people: Mapping[str, User]
) -> None:
    """Push what came after the first commit in one go: all of it is there, or nothing."""
    with GitWorkspace(forge.git_remote(full_name)) as workspace:
        refs = workspace.observe()
        first = head = refs.head()
        if workspace.git.run("rev-list", "--count", first).stdout.strip() != b"1":
            return
        for past in commits:
            commit = workspace.build_commit(head, changes(past.files), _meta(past, people))
            head = commit.sha
        if head != first:
            workspace.push(commit, refs.default_branch, expected=first)


def _meta(commit: PastCommit, people: Mapping[str, User]) -> CommitMeta:
    subject, _, body = commit.message.partition("\n\n")
    author = person_of(people[commit.author.rpartition("/")[2]])
    return CommitMeta(subject=subject, body=body, author=author, at=commit.at, committer=author)
