"""Finds what an organisation has for the catalogue, shows it, and registers it on yes; again adds what is new."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.catalog.engine.repository_files import (
    FoundInFiles,
    catalog_files_of,
    look_through,
    samples_of,
)
from flagstone.catalog.errors import LocationTaken
from flagstone.catalog.locations import add_location
from flagstone.catalog.models import Location
from flagstone.forge.actions import register_repository
from flagstone.forge.connections import connect
from flagstone.forge.errors import (
    EmptyRepository,
    ForgeError,
    InvalidName,
    NoDefaultBranch,
    RateLimited,
)
from flagstone.forge.git.reading import Glance, glance
from flagstone.forge.hosts.base import Forge, RepositoryEntry
from flagstone.forge.models import CodeHost, Repository

# repositories that are looked at side by side: more would be a burden on the code host
AT_ONCE = 4
# seconds for one git command at one of them
_PATIENCE = 60.0
# so many catalogue files are looked into, to see which can be read and lead to others
_MOST_FILES = 200
_NO_COMMIT = "it has no commit yet"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A repository, and what would be registered of it.

    Attributes:
        full_name: `owner/name`.
        found: What its files tell; None where it is left out.
        skipped: Why it is left out, in words; "" where it is not.
        has_failed: It could not be looked at.
        is_registered: The repository is known already, in the role that it has.
        new_locations: Of the catalogue, which are not registered yet.
    """

    full_name: str
    found: FoundInFiles | None = None
    skipped: str = ""
    has_failed: bool = False
    is_registered: bool = False
    new_locations: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether there is anything to register."""
        return not self.skipped and (not self.is_registered or bool(self.new_locations))


def discover(
    *,
    actor: User,
    host: CodeHost,
    owner: str,
    names: Iterable[str] = (),
    leave_out: Collection[str] = (),
) -> Generator[Candidate]:
    """Look through repositories and yield what each would bring, in their order; nothing is written.

    Args:
        actor: Who asks.
        host: Where.
        owner: An organisation, group or person.
        names: Only these repositories, as `owner/name`; all of the owner's when left out.
        leave_out: Those that were looked at before.

    Raises:
        Forbidden: The person may not.
        ForgeError: The list cannot be read, or the code host asks for patience.
    """
    require(actor, "forge.manage")
    forge = connect(host, is_background=True)
    named = list(names)
    wanted = [name for name in named if name not in leave_out]
    entries = _named(forge, wanted) if named else forge.list_repositories(owner)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        looks: deque[tuple[RepositoryEntry | Candidate, Future[Glance] | None]] = deque()
        try:
            for entry in entries:
                if entry.full_name in leave_out:
                    continue
                looks.append(_begin(forge, entry, pool))
                if len(looks) > AT_ONCE:
                    yield _candidate(host, *looks.popleft())
            while looks:
                yield _candidate(host, *looks.popleft())
        finally:
            pool.shutdown(cancel_futures=True)


def register(*, actor: User, host: CodeHost, candidate: Candidate, role: str = "") -> Repository:
    """Register a repository with its catalogue files; what is there already is left as it is.

    The workers read both within a minute, by what stands in the rows.

    Args:
        actor: Who says so.
        host: Where it is.
        candidate: What was found.
        role: What it is for; what its files suggest when left out.

    Raises:
        Forbidden: The person may not.
        ForgeError: The repository cannot be read now.
    """
    if candidate.found is None:
        raise ValueError(f"{candidate.full_name} is left out: {candidate.skipped}")
    require(actor, "catalog.register")
    repository = register_repository(
        actor=actor, host=host, full_name=candidate.full_name, role=role or candidate.found.role
    )
    for path in candidate.new_locations:
        try:
            add_location(actor=actor, path=path, repository=repository)
        except LocationTaken:  # somebody was faster
            continue
    return repository


def _named(forge: Forge, names: Iterable[str]) -> Iterator[RepositoryEntry | Candidate]:
    """Describe repositories that were named; a fork that somebody names is wanted."""
    for name in names:
        try:
            info = forge.get_repository(name)
        except RateLimited:
            raise
        except ForgeError as error:
            yield _left_out(name, error)
        else:
            yield RepositoryEntry(
                info.full_name, info.description, info.default_branch, info.is_archived
            )


def _begin(
    forge: Forge, entry: RepositoryEntry | Candidate, pool: ThreadPoolExecutor
) -> tuple[RepositoryEntry | Candidate, Future[Glance] | None]:
    """Have a repository looked at; what it needs besides git, such as the credential, is asked for here."""
    if isinstance(entry, Candidate):
        return entry, None
    if reason := _reason(entry):
        return Candidate(entry.full_name, skipped=reason), None
    try:
        forge.check_name(entry.full_name)
        remote = forge.git_remote(entry.full_name)
    except InvalidName as error:
        return _left_out(entry.full_name, error), None
    return entry, pool.submit(glance, remote, _files_to_read, time_limit=_PATIENCE)


def _candidate(
    host: CodeHost, entry: RepositoryEntry | Candidate, look: Future[Glance] | None
) -> Candidate:
    if isinstance(entry, Candidate) or look is None:
        return entry if isinstance(entry, Candidate) else Candidate(entry.full_name)
    try:
        seen = look.result()
    except ForgeError as error:
        return _left_out(entry.full_name, error)
    known = Repository.objects.named(entry.full_name).filter(host=host).first()
    taken = Location.objects.filter(repository=known).values_list("path", flat=True)
    found = look_through(seen.paths, seen.contents, registered=taken if known else ())
    if known is None and not found.catalog_files and not found.gitops_folders:
        return Candidate(entry.full_name, skipped="neither catalogue files nor GitOps paths")
    return Candidate(
        entry.full_name,
        found=found,
        is_registered=known is not None,
        new_locations=found.locations,
    )


def _files_to_read(paths: Iterable[str]) -> list[str]:
    every = list(paths)
    return catalog_files_of(every)[:_MOST_FILES] + samples_of(every)


def _left_out(full_name: str, error: ForgeError) -> Candidate:
    if isinstance(error, (EmptyRepository, NoDefaultBranch)):
        return Candidate(full_name, skipped=_NO_COMMIT)
    return Candidate(full_name, skipped=error.message, has_failed=True)


def _reason(entry: RepositoryEntry) -> str:
    if entry.is_archived:
        return "it is archived"
    if entry.is_fork:
        return "it is a fork"
    return "" if entry.default_branch else _NO_COMMIT
