"""`Forge` over a REST API, put together of its parts: what each adapter has a class for is asked in the same words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.sizes import FileSize
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import (
    Account,
    Comment,
    CommitStatus,
    MergeMethod,
    MergeResult,
    PullRequest,
    PullRequestSpec,
    PullRequestState,
    PullRequestTouch,
    RepositoryEntry,
    RepositoryInfo,
    WebhookEntry,
)


class Repositories(Protocol):
    def describe(self, repository: str) -> RepositoryInfo: ...

    def create(
        self, repository: str, *, description: str, files: ChangeSet, meta: CommitMeta
    ) -> RepositoryInfo: ...

    def delete(self, repository: str, *, expected_head: str) -> bool: ...

    def of_owner(self, owner: str) -> Iterator[RepositoryEntry]: ...

    def webhooks(self, repository: str) -> tuple[WebhookEntry, ...]: ...


class PullRequests(Protocol):
    def get(self, repository: str, number: int) -> PullRequest: ...

    def find(
        self, repository: str, *, source: str, target: str, state: PullRequestState | None
    ) -> PullRequest | None: ...

    def touched(self, repository: str, *, since: datetime | None) -> list[PullRequestTouch]: ...

    def changed_files(self, repository: str, number: int) -> tuple[FileSize, ...]: ...

    def create(self, repository: str, spec: PullRequestSpec) -> PullRequest: ...

    def update(
        self,
        repository: str,
        number: int,
        *,
        title: str | None,
        body: str | None,
        is_draft: bool | None,
    ) -> PullRequest: ...

    def close(self, repository: str, number: int) -> PullRequest: ...


class Merges(Protocol):
    def merge(
        self, repository: str, number: int, *, expected_head: str, method: MergeMethod
    ) -> MergeResult: ...


class Comments(Protocol):
    def upsert(
        self, repository: str, number: int, *, by: Account, body: str, marker: str
    ) -> Comment: ...


class Statuses(Protocol):
    def of(self, repository: str, commit: str) -> Mapping[str, CommitStatus]: ...

    def set(self, repository: str, commit: str, status: CommitStatus) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What one adapter is made of."""

    repositories: Repositories
    pulls: PullRequests
    merges: Merges
    comments: Comments
    statuses: Statuses


class RestForge(ABC):
    """What `Forge` asks of every code host that has a REST API; adapters add what differs between them."""

    _parts: Parts

    @abstractmethod
    def git_remote(self, repository: str) -> GitRemote: ...

    def get_repository(self, repository: str) -> RepositoryInfo:
        return self._parts.repositories.describe(repository)

    def create_repository(
        self, repository: str, *, description: str, files: ChangeSet, meta: CommitMeta
    ) -> RepositoryInfo:
        return self._parts.repositories.create(
            repository, description=description, files=files, meta=meta
        )

    def delete_repository(self, repository: str, *, expected_head: str) -> bool:
        return self._parts.repositories.delete(repository, expected_head=expected_head)

    def delete_branch(self, repository: str, branch: str, *, expected: str) -> bool:
        with GitWorkspace(self.git_remote(repository)) as workspace:
            return workspace.delete_branch(branch, expected=expected)

    def find_pull_request(
        self, repository: str, *, source: str, target: str, state: PullRequestState | None = None
    ) -> PullRequest | None:
        return self._parts.pulls.find(repository, source=source, target=target, state=state)

    def get_pull_request(self, repository: str, number: int) -> PullRequest:
        return self._parts.pulls.get(repository, number)

    def touched_pull_requests(
        self, repository: str, *, since: datetime | None = None
    ) -> list[PullRequestTouch]:
        return self._parts.pulls.touched(repository, since=since)

    def changed_files(self, repository: str, number: int) -> tuple[FileSize, ...]:
        return self._parts.pulls.changed_files(repository, number)

    def list_repositories(self, owner: str) -> Iterator[RepositoryEntry]:
        return self._parts.repositories.of_owner(owner)

    def list_webhooks(self, repository: str) -> tuple[WebhookEntry, ...]:
        return self._parts.repositories.webhooks(repository)

    def create_pull_request(self, repository: str, spec: PullRequestSpec) -> PullRequest:
        return self._parts.pulls.create(repository, spec)

    def update_pull_request(
        self,
        repository: str,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        is_draft: bool | None = None,
    ) -> PullRequest:
        return self._parts.pulls.update(
            repository, number, title=title, body=body, is_draft=is_draft
        )

    def close_pull_request(self, repository: str, number: int, *, by: Account) -> PullRequest:
        return self._parts.pulls.close(repository, number)

    def merge_pull_request(
        self,
        repository: str,
        number: int,
        *,
        expected_head: str,
        method: MergeMethod,
        by: Account,
    ) -> MergeResult:
        return self._parts.merges.merge(
            repository, number, expected_head=expected_head, method=method
        )

    def upsert_comment(
        self, repository: str, number: int, *, by: Account, body: str, marker: str = ""
    ) -> Comment:
        return self._parts.comments.upsert(repository, number, by=by, body=body, marker=marker)

    def set_commit_status(self, repository: str, commit: str, status: CommitStatus) -> None:
        self._parts.statuses.set(repository, commit, status)

    def commit_statuses(self, repository: str, commit: str) -> Mapping[str, CommitStatus]:
        return self._parts.statuses.of(repository, commit)
