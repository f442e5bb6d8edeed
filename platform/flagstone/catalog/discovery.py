"""Finds what an organisation has for the catalogue, shows it, and registers it on yes; again adds what is new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.catalog.actions import register_location
from flagstone.catalog.engine.discovering import FoundInFiles, look_through
from flagstone.catalog.errors import LocationTaken
from flagstone.catalog.models import Location
from flagstone.forge.actions import register_repository
from flagstone.forge.connections import connect
from flagstone.forge.errors import EmptyRepository, NoDefaultBranch, Permanent
from flagstone.forge.hosts.base import RepositoryEntry
from flagstone.forge.models import CodeHost, Repository
from flagstone.forge.selectors import paths_at_head


@dataclass(frozen=True, slots=True)
class Candidate:
    """A repository, and what would be registered of it.

    Attributes:
        full_name: `owner/name`.
        found: What its files tell; None where it is left out.
        skipped: Why it is left out, in words; "" where it is not.
        is_registered: The repository is known already, in the role that it has.
        new_locations: Of the catalogue, which are not registered yet.
    """

    full_name: str
    found: FoundInFiles | None = None
    skipped: str = ""
    is_registered: bool = False
    new_locations: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether there is anything to register."""
        return not self.skipped and (not self.is_registered or bool(self.new_locations))


def discover(
    *, actor: User, host: CodeHost, owner: str, names: Iterable[str] = ()
) -> Iterator[Candidate]:
    """Look through repositories and yield what each would bring; nothing is written.

    Args:
        actor: Who asks.
        host: Where.
        owner: An organisation, group or person.
        names: Only these repositories, as `owner/name`; all of the owner's when left out.

    Raises:
        Forbidden: The person may not.
        ForgeError: The list cannot be read, or the code host asks for patience.
    """
    require(actor, "forge.manage")
    wanted = list(names)
    entries: Iterable[RepositoryEntry] = (
        [RepositoryEntry(name, "", "?") for name in wanted]
        if wanted
        else connect(host, is_background=True).list_repositories(owner)
    )
    for entry in entries:
        yield _candidate(host, entry)


def register(*, actor: User, host: CodeHost, candidate: Candidate) -> Repository:
    """Register a repository with its catalogue files; what is there already is left as it is.

    Raises:
        Forbidden: The person may not.
        ForgeError: The repository cannot be read now.
    """
    if candidate.found is None:
        raise ValueError(f"{candidate.full_name} is left out: {candidate.skipped}")
    repository = register_repository(
        actor=actor, host=host, full_name=candidate.full_name, role=candidate.found.role
    )
    for path in candidate.new_locations:
        try:
            register_location(actor=actor, path=path, repository=repository)
        except LocationTaken:  # somebody was faster
            continue
    return repository


def _candidate(host: CodeHost, entry: RepositoryEntry) -> Candidate:
    if reason := _left_out(entry):
        return Candidate(entry.full_name, skipped=reason)
    try:
        found = look_through(paths_at_head(host, entry.full_name))
    except (EmptyRepository, NoDefaultBranch):
        return Candidate(entry.full_name, skipped="it has no commit yet")
    except Permanent as error:
        return Candidate(entry.full_name, skipped=error.message)
    known = Repository.objects.named(entry.full_name).filter(host=host).first()
    if known is None and not found.catalog_files and not found.gitops_folders:
        return Candidate(entry.full_name, skipped="neither catalogue files nor GitOps paths")
    taken = (
        set(Location.objects.filter(repository=known).values_list("path", flat=True))
        if known
        else set()
    )
    return Candidate(
        entry.full_name,
        found=found,
        is_registered=known is not None,
        new_locations=tuple(path for path in found.locations if path not in taken),
    )


def _left_out(entry: RepositoryEntry) -> str:
    if entry.is_archived:
        return "it is archived"
    if entry.is_fork:
        return "it is a fork"
    return "" if entry.default_branch else "it has no commit yet"
