"""Makes repositories, once each, and takes on those that are there."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from flagstone.accounts.models import User
from flagstone.core import audit
from flagstone.forge.connections import connect
from flagstone.forge.credentials import signing_key_of
from flagstone.forge.errors import ForgeError, RepositoryExists
from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.models import CodeHost, Repository, RepositoryRole
from flagstone.forge.people import committer_at, person_of
from flagstone.forge.pipeline.changes import Files
from flagstone.forge.pipeline.syncing import record_info


def provision_repository(
    *,
    requested_by: User,
    host: CodeHost,
    full_name: str,
    description: str,
    files: Files,
    source: str,
    role: str = RepositoryRole.SERVICE,
) -> Repository:
    """Create a repository with its first commit; asked again by the same source, return it.

    The row comes first and takes the name, so of two people one is told before anything is made.

    Args:
        requested_by: The author of the first commit.
        host: The code host.
        full_name: `owner/name`.
        description: One sentence.
        files: Of the first commit.
        source: What asked, such as `scaffold-run:<id>`; it must be unique to this request.
        role: What it is for.

    Raises:
        RepositoryExists: The name is taken.
        InvalidName, InvalidPath, ChangeTooLarge: It cannot be made like that.
    """
    contents = {
        path: FileContent(content) if isinstance(content, bytes) else content
        for path, content in files.items()
    }
    changes = ChangeSet(contents, allow_workflows=True)
    forge = connect(host)
    forge.check_name(full_name)
    repository, is_new = _reserve(
        host, full_name, description=description, source=source, role=role
    )
    if repository.head_commit:
        return repository
    try:
        info = forge.create_repository(
            full_name,
            description=description,
            files=changes,
            meta=_first_commit(repository, requested_by),
        )
    except RepositoryExists:
        if is_new:
            repository.delete()
            raise
        info = forge.get_repository(full_name)  # made by us before the worker was killed
    except ForgeError:
        if is_new:
            repository.delete()
        raise
    with transaction.atomic():
        record_info(repository, info)
        audit.record(
            actor=requested_by,
            action="forge.repository_created",
            subject=f"repository:{full_name}",
            data={"host": host.name, "source": source, "head": info.head},
        )
    return repository


def register_existing(
    *,
    requested_by: User,
    host: CodeHost,
    full_name: str,
    role: str = RepositoryRole.SERVICE,
) -> Repository:
    """Take on a repository that is there already; taking it on again changes nothing.

    Raises:
        ForgeError: It is not there, or empty.
    """
    info = connect(host).get_repository(full_name)
    repository = (
        Repository.objects.select_related("host").named(full_name).filter(host=host).first()
    )
    if repository is None:
        repository, _ = _reserve(
            host, full_name, description=info.description, source="", role=role
        )
    if not repository.head_commit:
        with transaction.atomic():
            record_info(repository, info)
            audit.record(
                actor=requested_by,
                action="forge.repository_registered",
                subject=f"repository:{full_name}",
                data={"host": host.name, "head": info.head},
            )
    return repository


def _reserve(
    host: CodeHost, full_name: str, *, description: str, source: str, role: str
) -> tuple[Repository, bool]:
    """Take the name, or find the row that this very source took it with; tell which.

    The database decides between two at once.
    """
    row = Repository(
        host=host, full_name=full_name, description=description, source=source, role=role
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        taken = Repository.objects.select_related("host").named(full_name).get(host=host)
        if source and taken.source == source and taken.full_name == full_name:
            return taken, False
        raise RepositoryExists(
            f"There is a repository {taken.full_name} already. Choose another name.",
            name=full_name,
            existing=taken.full_name,
        ) from None
    return row, True


def _first_commit(repository: Repository, requested_by: User) -> CommitMeta:
    author = person_of(requested_by)
    return CommitMeta(
        subject=f"Begin {repository.name}",
        body=repository.description,
        author=author,
        at=repository.created_at,
        committer=committer_at(repository.host),
        signing_key=signing_key_of(repository.host),
        trailers=(("Requested-by", f"{author.name} <{author.email}>"),),
    )
