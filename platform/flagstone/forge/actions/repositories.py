"""What people do with repositories."""

from __future__ import annotations

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.forge import pipeline, tasks
from flagstone.forge.models import CodeHost, Repository, RepositoryRole
from flagstone.forge.pipeline.changes import Files


def create_repository(
    *,
    actor: User,
    host: CodeHost,
    full_name: str,
    description: str = "",
    files: Files | None = None,
    role: str = RepositoryRole.SERVICE,
) -> Repository:
    """Create a repository on a code host, with a first commit on `main`.

    Args:
        actor: Who does it; the author of the first commit.
        host: The code host.
        full_name: `owner/name`.
        description: One sentence.
        files: Of the first commit; a README with name and description when left out.
        role: What it is for.

    Raises:
        Forbidden: The person may not.
        RepositoryExists: The name is taken, perhaps in other letters' case.
    """
    require(actor, "forge.manage")
    name = full_name.rpartition("/")[2]
    readme = f"# {name}\n\n{description}\n" if description else f"# {name}\n"
    return pipeline.provision_repository(
        requested_by=actor,
        host=host,
        full_name=full_name,
        description=description,
        files=files or {"README.md": readme.encode()},
        source="",
        role=role,
    )


def register_repository(
    *, actor: User, host: CodeHost, full_name: str, role: str = RepositoryRole.SERVICE
) -> Repository:
    """Take on a repository that is on a code host already."""
    require(actor, "forge.manage")
    repository = pipeline.register_existing(
        requested_by=actor, host=host, full_name=full_name, role=role
    )
    tasks.sync_repository.delay_on_commit(repository.pk)
    return repository
