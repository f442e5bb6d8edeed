"""Repositories: described, listed, made with their first commit, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from urllib.parse import quote

from flagstone.forge.errors import (
    BranchOccupied,
    EmptyRepository,
    NoDefaultBranch,
    PermissionDenied,
    PolicyRejected,
    RepositoryGone,
)
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.first_commit import publish_first_commit
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.hosts.base import RepositoryEntry, RepositoryInfo, WebhookEntry
from flagstone.forge.hosts.gitea.api import GiteaApi, path_of
from flagstone.forge.hosts.gitea.codec import (
    moment_of,
    repository_entry_of,
    repository_info_of,
    webhook_of,
)
from flagstone.forge.hosts.gitea.names import check_full_name
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.left_over import FIRST_BRANCH, may_be_ours, taken

_LONGEST_DESCRIPTION = 2048
# clocks of two machines differ by so much at most


class GiteaRepositories:
    """The repositories of one code host.

    Args:
        api: Speaks to it.
        remote_of: Returns how git reaches a repository.
    """

    def __init__(self, api: GiteaApi, remote_of: Callable[[str], GitRemote]) -> None:
        self._api = api
        self._remote_of = remote_of

    def describe(self, repository: str) -> RepositoryInfo:
        fields = self._api.repository(repository)
        branch = fields.text("default_branch")
        if fields.flag("empty", default=False):
            raise EmptyRepository(
                f"The repository {repository} has no commit yet. Push a first one, then try again."
            )
        head = self._api.branch_head(repository, branch) if branch else None
        if head is None:
            raise NoDefaultBranch(
                f"The repository {repository} has no default branch: it names {branch!r}, which is "
                "not there. Set the default branch at the code host."
            )
        return repository_info_of(fields, default_branch=branch, head=head)

    def of_owner(self, owner: str) -> Iterator[RepositoryEntry]:
        """List what an organisation has, or a person."""
        places = (f"/orgs/{quote(owner)}", f"/users/{quote(owner)}")
        known = next((place for place in places if self._is_there(place)), None)
        if known is None:
            raise RepositoryGone(
                f"{self._api.host} has no organisation and nobody called {owner!r}, or hides them "
                "from this credential."
            )
        listed = self._api.entries(f"{known}/repos", operation=f"list the repositories of {owner}")
        for each in listed:
            yield repository_entry_of(self._api.fields("repository", each))

    def webhooks(self, repository: str) -> tuple[WebhookEntry, ...]:
        listed = self._api.entries(
            path_of(repository, "hooks"), operation=f"list the webhooks of {repository}"
        )
        return tuple(webhook_of(self._api.fields("webhook", each)) for each in listed)

    def create(
        self, repository: str, *, description: str, files: ChangeSet, meta: CommitMeta
    ) -> RepositoryInfo:
        """Make a repository that holds the files; what a killed attempt left of it is finished.

        Raises:
            RepositoryExists: The name is taken by another one.
        """
        check_full_name(repository)
        fields = self._made(repository, description) or self._left_over(repository, meta)
        try:
            head = publish_first_commit(self._remote_of(repository), files, meta, FIRST_BRANCH)
        except BranchOccupied as error:
            raise taken(repository) from error
        return repository_info_of(fields, default_branch=FIRST_BRANCH, head=head)

    def delete(self, repository: str, *, expected_head: str) -> bool:
        """Delete a repository that nobody has touched since its first commit; tell whether it did."""
        fields = self._api.repository(repository)
        if self._heads(repository) != {fields.text("default_branch", ""): expected_head}:
            return False
        if self._has_any(repository, "pulls") or self._has_any(repository, "issues"):
            return False
        self._api.write("DELETE", path_of(repository), operation=f"delete {repository}")
        return True

    def _made(self, repository: str, description: str) -> Fields | None:
        """Make an empty repository; None where the name is taken."""
        owner, _, name = repository.partition("/")
        is_own = owner.casefold() == self._api.own_login().casefold()
        try:
            answer = self._api.write(
                "POST",
                "/user/repos" if is_own else f"/orgs/{quote(owner)}/repos",
                {
                    "name": name,
                    "description": " ".join(description.split())[:_LONGEST_DESCRIPTION],
                    "private": True,
                    "default_branch": FIRST_BRANCH,
                    "auto_init": False,
                },
                operation=f"create the repository {repository}",
            )
        except PolicyRejected as error:
            if error.params.get("status") == HTTPStatus.CONFLICT:
                return None
            raise
        except RepositoryGone as error:
            raise RepositoryGone(
                f"{self._api.host} has no organisation {owner!r}, or hides it from this credential. "
                "Create it there first.",
                repository=repository,
            ) from error
        return self._api.fields("repository", answer.body, of_write=True)

    def _left_over(self, repository: str, meta: CommitMeta) -> Fields:
        """Return a repository that an attempt of ours may have made: a new one, or one with our branch alone.

        Raises:
            RepositoryExists: It was there before.
        """
        fields = self._api.has_repository(repository)
        if fields is None:  # taken by one that this credential does not see
            raise taken(repository)
        branches = () if fields.flag("empty", default=False) else self._heads(repository)
        created_at = moment_of(fields, "created_at")
        if not may_be_ours(branches=branches, created_at=created_at, meta=meta):
            raise taken(repository)
        return fields

    def _heads(self, repository: str) -> dict[str, str]:
        listed = self._api.entries(
            path_of(repository, "branches"), operation=f"list the branches of {repository}"
        )
        branches = (self._api.fields("branch", each) for each in listed)
        return {branch.text("name"): branch.inner("commit").text("id") for branch in branches}

    def _has_any(self, repository: str, what: str) -> bool:
        operation = f"look for {what} in {repository}"
        answer = self._api.get(
            path_of(repository, what),
            operation=operation,
            params={"state": "all", "page": 1, "limit": 1},
            accept=(HTTPStatus.NOT_FOUND,),  # switched off there
        )
        found = answer.status != HTTPStatus.NOT_FOUND and self._api.listed(answer, operation)
        return bool(found)

    def _is_there(self, place: str) -> bool:
        try:
            self._api.get(place, operation=f"look for {place}")
        except (RepositoryGone, PermissionDenied):
            # a credential may be kept from organisations; the other place knows them as well
            return False
        return True
