"""Repositories: described, listed, and made with their first commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flagstone.forge.errors import (
    BranchOccupied,
    EmptyRepository,
    InvalidName,
    NoDefaultBranch,
    NotAllowed,
    PolicyRejected,
    RepositoryGone,
)
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.first_commit import publish_first_commit
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.hosts.base import RepositoryEntry, RepositoryInfo, WebhookEntry
from flagstone.forge.hosts.pagure.api import PagureApi
from flagstone.forge.hosts.pagure.codec import repository_entry_of, webhooks_of
from flagstone.forge.hosts.pagure.names import check_full_name, is_fork, may_own, path_of
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.left_over import FIRST_BRANCH, may_be_ours, taken

# clocks of two machines differ by so much at most


class PagureRepositories:
    """The repositories of one code host.

    Args:
        api: Speaks to it.
        remote_of: Returns how git reaches a repository.
    """

    def __init__(self, api: PagureApi, remote_of: Callable[[str], GitRemote]) -> None:
        self._api = api
        self._remote_of = remote_of

    def describe(self, repository: str) -> RepositoryInfo:
        fields = self._api.repository(repository)
        branches = self._api.branches(repository)
        if not branches.heads:
            raise EmptyRepository(
                f"The repository {repository} has no commit yet. Push a first one, then try again."
            )
        head = branches.heads.get(branches.default)
        if head is None:
            raise NoDefaultBranch(
                f"The repository {repository} has no default branch: its HEAD names a branch that is "
                "not there. Set the default branch at the code host."
            )
        return RepositoryInfo(
            full_name=fields.text("url_path"),
            description=fields.text("description", ""),
            default_branch=branches.default,
            head=head,
            url=fields.text("full_url", ""),
            may_write=self._may_write(repository, branches.default),
        )

    def of_owner(self, owner: str) -> Iterator[RepositoryEntry]:
        """List what lies in a namespace, and what a person has."""
        seen: set[str] = set()
        for key in ("namespace", "owner") if may_own(owner) else ():
            listed = self._api.entries(
                "/projects",
                "projects",
                operation=f"list the repositories of {owner}",
                params={key: owner},
            )
            for each in listed:
                name = each.text("url_path")
                # a fork of what lies in a namespace belongs to whoever forked it
                if name not in seen and (key == "owner" or name.startswith(f"{owner}/")):
                    seen.add(name)
                    default = self._api.branches(name).default
                    yield repository_entry_of(each, default_branch=default)
        if not seen:
            self._require_owner(owner)

    def webhooks(self, repository: str) -> tuple[WebhookEntry, ...]:
        found = self._api.get(
            path_of(repository, "options"),
            "settings",
            operation=f"list the webhooks of {repository}",
        )
        return webhooks_of(found.inner("settings"))

    def create(
        self, repository: str, *, description: str, files: ChangeSet, meta: CommitMeta
    ) -> RepositoryInfo:
        """Make a repository that holds the files; what a killed attempt left of it is finished.

        Raises:
            RepositoryExists: The name is taken by another one.
        """
        check_full_name(repository)
        if is_fork(repository):
            raise InvalidName(
                f"{repository!r} is the name of a fork; a fork is made at Pagure itself.",
                name=repository,
            )
        found = self._api.has_repository(repository)
        if found is None:
            self._make(repository, description)
        elif not self._is_left_over(repository, found, meta):
            raise taken(repository)
        try:
            publish_first_commit(self._remote_of(repository), files, meta, FIRST_BRANCH)
        except BranchOccupied as error:
            raise taken(repository) from error
        return self.describe(repository)

    def delete(self, repository: str, *, expected_head: str) -> bool:
        """Tell whether somebody has built on a repository; if nobody has, say who can delete it.

        Raises:
            NotAllowed: Pagure deletes a repository for people, and for tokens made in that very repository.
        """
        url = self._api.repository(repository).text("full_url", "")
        branches = self._api.branches(repository)
        if dict(branches.heads) != {branches.default: expected_head}:
            return False
        listed = self._api.entries(
            path_of(repository, "pull-requests"),
            "requests",
            operation=f"look for pull requests in {repository}",
            params={"status": "all"},
        )
        if next(listed, None) is not None:
            return False
        raise NotAllowed(
            f"Pagure lets no program delete the repository {repository}. Delete it by hand in its "
            f"settings: {url}/settings",
            repository=repository,
        )

    def _make(self, repository: str, description: str) -> None:
        namespace, _, name = repository.rpartition("/")
        payload = {
            "name": name,
            "description": " ".join(description.split()) or name,  # may not be empty
            "default_branch": FIRST_BRANCH,
            "wait": True,
            **({"namespace": namespace} if namespace else {}),
        }
        try:
            self._api.write("/new", payload, operation=f"create the repository {repository}")
        except PolicyRejected as error:
            # a private one of that name is not shown either, but then its words say so
            if self._api.has_repository(repository) is not None:
                raise taken(repository) from error
            raise

    def _is_left_over(self, repository: str, found: Fields, meta: CommitMeta) -> bool:
        """Tell whether an attempt of ours may have made it."""
        branches = self._api.branches(repository).heads
        return may_be_ours(branches=branches, created_at=found.moment("date_created"), meta=meta)

    def _may_write(self, repository: str, branch: str) -> bool | None:
        """Ask whether our account may push; None where an older server does not know the question."""
        try:
            answer = self._api.get(
                path_of(repository, "hascommit"),
                "answer",
                operation=f"ask who may write to {repository}",
                params={"branch": branch, "user": self._api.user},
            )
        except RepositoryGone:
            return None
        return answer.flag("hascommit")

    def _require_owner(self, owner: str) -> None:
        for place in ("user", "group") if may_own(owner) else ():
            try:
                self._api.get(path_of(place, owner), place, operation=f"look for {owner}").names()
            except RepositoryGone:
                continue
            return
        raise RepositoryGone(
            f"{self._api.host} has no repository of {owner!r}, and no group and nobody of that name, "
            "or hides them from this credential."
        )
