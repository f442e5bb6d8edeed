"""Projects: described, listed, made with their first commit, and taken back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from http import HTTPStatus

from flagstone.forge.errors import (
    BranchOccupied,
    EmptyRepository,
    ForgeError,
    NoDefaultBranch,
    NotYetConsistent,
    Permanent,
    RepositoryGone,
)
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.first_commit import publish_first_commit
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.hosts.base import RepositoryEntry, RepositoryInfo, WebhookEntry
from flagstone.forge.hosts.gitlab.api import GitLabApi, path_of
from flagstone.forge.hosts.gitlab.codec import (
    is_leaving,
    read_entry,
    read_repository,
    read_webhook,
)
from flagstone.forge.hosts.gitlab.names import check_full_path, escaped
from flagstone.forge.hosts.rest.fields import Fields
from flagstone.forge.hosts.rest.left_over import FIRST_BRANCH, may_be_ours, taken

_LONGEST_DESCRIPTION = 2000
# clocks of two machines differ by so much at most


class GitLabProjects:
    """The projects of one GitLab.

    Args:
        api: Speaks to it.
        remote_of: Returns how git reaches a project.
    """

    def __init__(self, api: GitLabApi, remote_of: Callable[[str], GitRemote]) -> None:
        self._api = api
        self._remote_of = remote_of

    def describe(self, repository: str) -> RepositoryInfo:
        fields = self._present(repository)
        branch = fields.text("default_branch", "")
        if fields.flag("empty_repo", default=not branch):
            raise EmptyRepository(
                f"The repository {repository} has no commit yet. Push a first one, then try again."
            )
        head = self._api.branch_head(repository, branch) if branch else None
        if head is None:
            raise NoDefaultBranch(
                f"The repository {repository} has no default branch: it names {branch!r}, which is "
                "not there. Set the default branch in the project's settings."
            )
        return read_repository(fields, default_branch=branch, head=head)

    def of_owner(self, owner: str) -> Iterator[RepositoryEntry]:
        """List what a group has, with the groups in it, or a person."""
        address, more = self._owner(owner)
        projects = self._api.entries(
            f"{address}/projects",
            operation=f"list the projects of {owner}",
            what="project",
            params={"order_by": "id", "sort": "asc", **more},
        )
        return (read_entry(fields) for fields in projects if not is_leaving(fields))

    def webhooks(self, repository: str) -> tuple[WebhookEntry, ...]:
        listed = self._api.entries(
            path_of(repository, "hooks"),
            operation=f"list the webhooks of {repository}",
            what="webhook",
        )
        return tuple(map(read_webhook, listed))

    def create(
        self, repository: str, *, description: str, files: ChangeSet, meta: CommitMeta
    ) -> RepositoryInfo:
        """Make a project that holds the files; what a killed attempt left of it is finished.

        Raises:
            RepositoryExists: The name is taken by another one.
        """
        check_full_path(repository)
        made = self._made(repository, description)
        fields = made or self._left_over(repository, meta)
        try:
            head = publish_first_commit(self._remote_of(repository), files, meta, FIRST_BRANCH)
        except BranchOccupied as error:
            raise taken(repository) from error
        except RepositoryGone as error:  # GitLab has just described it
            raise NotYetConsistent(
                f"{self._api.host} has the project {repository}, and git does not find it yet."
            ) from error
        except Permanent:
            if made:  # a rule of GitLab's refuses the commit; nobody shall find an empty project
                self._remove_empty(repository)
            raise
        return read_repository(fields, default_branch=FIRST_BRANCH, head=head)

    def delete(self, repository: str, *, expected_head: str) -> bool:
        """Delete a project that nobody has touched since its first commit; tell whether it did."""
        fields = self._present(repository)
        if self._heads(repository) != {fields.text("default_branch", ""): expected_head}:
            return False
        if self._has_any(repository, "merge_requests") or self._has_any(repository, "issues"):
            return False
        self._api.write("DELETE", repository, operation=f"delete {repository}")
        return True

    def _present(self, repository: str) -> Fields:
        """Describe a project that is there to stay.

        Raises:
            RepositoryGone: It is missing, hidden, or was deleted, which GitLab does some days later.
        """
        fields = self._api.project(repository)
        if is_leaving(fields):
            raise RepositoryGone(
                f"The project {repository} was deleted, and only waits for {self._api.host} to remove "
                "it. Restore it in its settings, or unregister it in Flagstone.",
                repository=repository,
            )
        return fields

    def _owner(self, owner: str) -> tuple[str, dict[str, str]]:
        """Return the address of a group or a person, and what to ask of the list of a group's projects."""
        group = f"groups/{escaped(owner)}"
        accept = (HTTPStatus.NOT_FOUND,)
        answer = self._api.get(
            group,
            operation=f"look for the group {owner}",
            params={"with_projects": "false"},
            accept=accept,
        )
        if answer.status != HTTPStatus.NOT_FOUND:
            return group, {"include_subgroups": "true", "with_shared": "false"}
        operation = f"look for the user {owner}"
        answer = self._api.get("users", operation=operation, params={"username": owner})
        for entry in self._api.listed(answer, operation):
            user = self._api.fields("user", entry)
            if user.text("username").casefold() == owner.casefold():
                return f"users/{user.number('id')}", {}
        raise RepositoryGone(
            f"{self._api.host} has no group and nobody called {owner!r}, or hides them from this "
            "credential."
        )

    def _made(self, repository: str, description: str) -> Fields | None:
        """Make an empty project; None where there is one of that name."""
        owner, _, name = repository.rpartition("/")
        operation = f"create the project {repository}"
        refused = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
        answer = self._api.transport.write(
            "POST",
            "projects",
            operation=operation,
            payload={
                "name": name,
                "path": name,
                "namespace_id": self._namespace(owner, repository),
                "description": " ".join(description.split())[:_LONGEST_DESCRIPTION],
                "visibility": "private",
                "default_branch": FIRST_BRANCH,
                "initialize_with_readme": False,
            },
            accept=refused,
        )
        if answer.status not in refused:
            fields = self._api.fields("project", answer.body, of_write=True)
            fields.text("path_with_namespace")  # else it tells of no project
            return fields
        try:
            self._api.project(repository)
        except RepositoryGone:
            raise self._api.refusal(answer, operation) from None
        return None

    def _namespace(self, owner: str, repository: str) -> int:
        """Return the number of a group, or of a person's own namespace."""
        try:
            answer = self._api.get(
                f"namespaces/{escaped(owner)}", operation=f"look for the group {owner}"
            )
        except RepositoryGone as error:
            raise RepositoryGone(
                f"{self._api.host} has no group {owner!r}, or hides it from this credential. Create it "
                "there first.",
                repository=repository,
            ) from error
        return self._api.fields("namespace", answer.body).number("id")

    def _left_over(self, repository: str, meta: CommitMeta) -> Fields:
        """Return a project that an attempt of ours may have made: a new one, or one with our branch alone.

        Raises:
            RepositoryExists: It was there before, perhaps in other letters' case.
        """
        fields = self._api.project(repository)
        existing = fields.text("path_with_namespace")
        is_it = existing == repository and not is_leaving(fields)
        branches = () if fields.flag("empty_repo", default=False) else self._heads(repository)
        created_at = fields.moment("created_at")
        if not is_it or not may_be_ours(branches=branches, created_at=created_at, meta=meta):
            raise taken(existing)
        return fields

    def _remove_empty(self, repository: str) -> None:
        with contextlib.suppress(ForgeError):
            if not self._heads(repository):
                self._api.write("DELETE", repository, operation=f"take {repository} back")

    def _heads(self, repository: str) -> dict[str, str]:
        listed = self._api.entries(
            path_of(repository, "repository", "branches"),
            operation=f"list the branches of {repository}",
            what="branch",
        )
        return {branch.text("name"): branch.inner("commit").text("id") for branch in listed}

    def _has_any(self, repository: str, what: str) -> bool:
        operation = f"look for {what.replace('_', ' ')} in {repository}"
        switched_off = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
        answer = self._api.get(
            path_of(repository, what),
            operation=operation,
            params={"state": "all", "per_page": 1},
            accept=switched_off,
        )
        return answer.status not in switched_off and bool(self._api.listed(answer, operation))
