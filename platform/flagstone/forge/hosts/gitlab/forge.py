"""`Forge` for GitLab: gitlab.com, or one of a company's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from flagstone.forge.errors import NotAllowed
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.git.sizes import FileSize
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import (
    Account,
    Comment,
    CommitStatus,
    ForgeCapabilities,
    MergeMethod,
    MergeResult,
    PullRequest,
    PullRequestSpec,
    PullRequestState,
    PullRequestTouch,
    RepositoryEntry,
    RepositoryInfo,
    Verdict,
    WebhookEntry,
)
from flagstone.forge.hosts.gitlab.api import GitLabApi
from flagstone.forge.hosts.gitlab.changing import GitLabChanges
from flagstone.forge.hosts.gitlab.comments import GitLabComments
from flagstone.forge.hosts.gitlab.merging import GitLabMerges
from flagstone.forge.hosts.gitlab.names import check_full_path
from flagstone.forge.hosts.gitlab.opening import open_merge_request
from flagstone.forge.hosts.gitlab.reading import GitLabReader
from flagstone.forge.hosts.gitlab.repositories import GitLabProjects
from flagstone.forge.hosts.gitlab.statuses import GitLabStatuses
from flagstone.forge.hosts.gitlab.texts import LONGEST_BODY
from flagstone.forge.hosts.rest.remotes import http_remote
from flagstone.forge.hosts.rest.transport import Transport

# GitLab takes an access token of any kind from this name
_GIT_USER = "oauth2"


class GitLabForge:
    """A GitLab, where one account acts for everybody.

    Args:
        transport: To its API, `https://HOST/api/v4`; it brings the credential along.
        web_url: Where people and git find it, such as `https://gitlab.com`.
        token: Returns the credential, for git.
    """

    capabilities = ForgeCapabilities(
        dedupes_open_pull_requests=True, acts_for_people=False, longest_body=LONGEST_BODY
    )

    def __init__(self, transport: Transport, *, web_url: str, token: Callable[[], str]) -> None:
        self._api = GitLabApi(transport)
        self._web_url = web_url
        self._token = token
        self._reader = GitLabReader(self._api, self.git_remote)
        self._changes = GitLabChanges(self._api, self._reader)
        self._comments = GitLabComments(self._api)
        self._merges = GitLabMerges(self._api)
        self._statuses = GitLabStatuses(self._api)
        self._projects = GitLabProjects(self._api, self.git_remote)

    def check_name(self, repository: str) -> None:
        check_full_path(repository)

    def git_remote(self, repository: str) -> GitRemote:
        return http_remote(self._web_url, repository, user=_GIT_USER, token=self._token())

    def get_repository(self, repository: str) -> RepositoryInfo:
        return self._projects.describe(repository)

    def create_repository(
        self, repository: str, *, description: str, files: ChangeSet, meta: CommitMeta
    ) -> RepositoryInfo:
        return self._projects.create(repository, description=description, files=files, meta=meta)

    def delete_repository(self, repository: str, *, expected_head: str) -> bool:
        return self._projects.delete(repository, expected_head=expected_head)

    def delete_branch(self, repository: str, branch: str, *, expected: str) -> bool:
        with GitWorkspace(self.git_remote(repository)) as workspace:
            return workspace.delete_branch(branch, expected=expected)

    def find_pull_request(
        self, repository: str, *, source: str, target: str, state: PullRequestState | None = None
    ) -> PullRequest | None:
        return self._reader.find(repository, source=source, target=target, state=state)

    def get_pull_request(self, repository: str, number: int) -> PullRequest:
        return self._reader.get(repository, number)

    def touched_pull_requests(
        self, repository: str, *, since: datetime | None = None
    ) -> list[PullRequestTouch]:
        return self._reader.touched(repository, since=since)

    def changed_files(self, repository: str, number: int) -> tuple[FileSize, ...]:
        return self._reader.changed_files(repository, number)

    def list_repositories(self, owner: str) -> Iterator[RepositoryEntry]:
        return self._projects.of_owner(owner)

    def list_webhooks(self, repository: str) -> tuple[WebhookEntry, ...]:
        return self._projects.webhooks(repository)

    def create_pull_request(self, repository: str, spec: PullRequestSpec) -> PullRequest:
        return open_merge_request(self._api, self._reader, repository, spec)

    def update_pull_request(
        self,
        repository: str,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        is_draft: bool | None = None,
    ) -> PullRequest:
        return self._changes.update(repository, number, title=title, body=body, is_draft=is_draft)

    def close_pull_request(self, repository: str, number: int, *, by: Account) -> PullRequest:
        return self._changes.close(repository, number)

    def merge_pull_request(
        self,
        repository: str,
        number: int,
        *,
        expected_head: str,
        method: MergeMethod,
        by: Account,
    ) -> MergeResult:
        return self._merges.merge(repository, number, expected_head=expected_head, method=method)

    def submit_review(
        self, repository: str, number: int, *, by: Account, verdict: Verdict, body: str = ""
    ) -> PullRequest:
        raise NotAllowed(
            f"Reviews of {repository} are given at GitLab itself: Flagstone's account there would "
            "pass for a second pair of eyes.",
            code="forge.reviews_at_the_host",
            number=number,
        )

    def upsert_comment(
        self, repository: str, number: int, *, by: Account, body: str, marker: str = ""
    ) -> Comment:
        return self._comments.upsert(repository, number, by=by, body=body, marker=marker)

    def set_labels(self, repository: str, number: int, labels: tuple[str, ...]) -> PullRequest:
        return self._changes.set_labels(repository, number, labels)

    def request_reviewers(self, repository: str, number: int, logins: tuple[str, ...]) -> None:
        self._changes.request_reviewers(repository, number, logins)

    def set_commit_status(self, repository: str, commit: str, status: CommitStatus) -> None:
        self._statuses.set(repository, commit, status)

    def commit_statuses(self, repository: str, commit: str) -> Mapping[str, CommitStatus]:
        return self._statuses.of(repository, commit)
