"""What people do with repositories."""

from __future__ import annotations

from django.db import transaction

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.core import audit
from flagstone.core.errors import Conflict, UserError
from flagstone.forge import pipeline, tasks
from flagstone.forge.models import CodeHost, Repository, RepositoryRole
from flagstone.forge.pipeline.changes import Files
from flagstone.forge.removals import why_repository_stays
from flagstone.forge.signals import announce_repository


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


def require_role(role: str) -> None:
    """Refuse a role that no repository has.

    Raises:
        UserError: With those that there are.
    """
    if role not in RepositoryRole.values:
        raise UserError(
            f"There is no role {role!r}; a repository is for {', '.join(RepositoryRole.values)}.",
            code="forge.unknown_role",
        )


@transaction.atomic
def change_repository_role(*, actor: User, repository: Repository, role: str) -> Repository:
    """Say anew what a repository is for; whoever reads such repositories looks at it afresh.

    Raises:
        Forbidden: The person may not.
        UserError: There is no such role.
    """
    require(actor, "forge.manage")
    require_role(role)
    stored = Repository.objects.select_for_update().get(pk=repository.pk)
    before, stored.role = stored.role, role
    if before == stored.role:
        return stored
    stored.save(update_fields=["role"])
    audit.record(
        actor=actor,
        action="forge.repository_role_changed",
        subject=f"repository:{stored.full_name}",
        data={"host": stored.host.name, "from": before, "to": stored.role},
    )
    if stored.head_commit:
        announce_repository(
            repository_id=stored.pk, branch=stored.default_branch, commit=stored.head_commit
        )
    return stored


@transaction.atomic
def unregister_repository(*, actor: User, repository: Repository) -> None:
    """Let go of a repository, with what is recorded of its pull requests; at the code host it stays as it is.

    Raises:
        Forbidden: The person may not.
        Conflict: Changes are under way in it, or records of other apps need it.
    """
    require(actor, "forge.manage")
    stored = Repository.objects.select_for_update().get(pk=repository.pk)
    if reason := why_repository_stays(stored):
        raise Conflict(reason, code="forge.repository_in_use")
    audit.record(
        actor=actor,
        action="forge.repository_unregistered",
        subject=f"repository:{stored.full_name}",
        data={
            "host": stored.host.name,
            "role": stored.role,
            "head": stored.head_commit,
            "pull_requests": stored.pull_requests.count(),
            "changes": stored.change_requests.count(),
        },
    )
    stored.change_requests.all().delete()
    stored.delete()
