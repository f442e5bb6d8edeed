"""Writes down what shall be shipped. Who may ask for it is decided before."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from flagstone.accounts.models import User
from flagstone.core import audit
from flagstone.core.errors import Conflict
from flagstone.forge.errors import EmptyRepository
from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.models import ChangedFile, ChangeRequest, Repository
from flagstone.forge.people import person_of

BRANCH_PREFIX = "flagstone"
LONGEST_TITLE = 200

Files = Mapping[str, bytes | FileContent | None]


def record_change(  # noqa: PLR0913 one keyword for each thing that a change is made of
    *,
    requested_by: User,
    repository: Repository,
    title: str,
    body: str,
    files: Files,
    source: str,
    change_id: uuid.UUID | None = None,
    labels: tuple[str, ...] = (),
    based_on: str = "",
) -> ChangeRequest:
    """Store a change request with its files; the same one with the same id is stored once.

    Args:
        requested_by: Who asked; the author of the commit.
        repository: Where it goes.
        title: Of the commit and the pull request.
        body: Why, for both.
        files: What each file shall be; None deletes it.
        source: What asked, such as `scaffold-run:<id>`.
        change_id: The caller's own key: asking again with it gives the row that is there.
        labels: Of the pull request.
        based_on: A commit of the default branch that the files were worked out on. It is built there, so that the
            merge keeps what came since; without it, on the newest one.

    Raises:
        InvalidPath, ChangeTooLarge, EmptyChange: The files cannot be shipped.
        Conflict: The id was used for another change.
    """
    contents = {
        path: FileContent(content) if isinstance(content, bytes) else content
        for path, content in files.items()
    }
    changes = ChangeSet(contents)
    if not repository.default_branch:
        raise EmptyRepository(
            f"The repository {repository.full_name} has no default branch yet; "
            "push a first commit, then try again."
        )
    change = ChangeRequest(
        id=change_id or uuid.uuid4(),
        repository=repository,
        title=" ".join(title.split())[:LONGEST_TITLE] or "Change files",
        body=body.strip(),
        labels=sorted(set(labels)),
        source=source,
        requested_by=requested_by,
        target_branch=repository.default_branch,
        based_on=based_on,
    )
    change.fingerprint = _fingerprint(change, changes)
    change.branch = _branch_name(change)
    author = person_of(requested_by)
    change.author_name, change.author_email = author.name, author.email
    return _store(change, changes)


def _store(change: ChangeRequest, changes: ChangeSet) -> ChangeRequest:
    """Insert the row unless its id is there; of two at once, the second finds the first."""
    try:
        with transaction.atomic():
            change.save(force_insert=True)
            _store_files(change, changes)
            _audit(change, changes)
    except IntegrityError:
        stored = ChangeRequest.objects.filter(pk=change.pk).first()
        if stored is None or stored.fingerprint != change.fingerprint:
            raise Conflict(
                f"The change {change.pk} was asked for before with other content. Use a new id.",
                code="forge.change_id_reused",
                change_id=str(change.pk),
            ) from None
        return stored
    return change


def _audit(change: ChangeRequest, changes: ChangeSet) -> None:
    audit.record(
        actor=change.requested_by,
        action="forge.change_requested",
        subject=f"change:{change.pk}",
        data={
            "repository": change.repository.full_name,
            "title": change.title,
            "branch": change.branch,
            "source": change.source,
            "files": sorted(changes.files),
        },
    )


def _store_files(change: ChangeRequest, changes: ChangeSet) -> None:
    ChangedFile.objects.bulk_create(
        ChangedFile(
            change_request=change,
            path=path,
            content=None if content is None else content.data,
            is_executable=bool(content and content.executable),
        )
        for path, content in changes.files.items()
    )


def _branch_name(change: ChangeRequest) -> str:
    """Return a name that no person typed, of a fixed depth, and different for each change."""
    slug = slugify(change.title)[:40].strip("-") or "change"
    return f"{BRANCH_PREFIX}/{slug}-{change.pk.hex[:8]}"


def _fingerprint(change: ChangeRequest, changes: ChangeSet) -> str:
    asked: dict[str, Any] = {
        "repository": change.repository.pk,
        "requested_by": change.requested_by.pk,
        "title": change.title,
        "body": change.body,
        "labels": change.labels,
        "source": change.source,
        "files": {
            path: [content.mode, hashlib.sha256(content.data).hexdigest()] if content else None
            for path, content in changes.files.items()
        },
    }
    if change.based_on:
        asked["based_on"] = change.based_on
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
