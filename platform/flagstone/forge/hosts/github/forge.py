"""`Forge` for GitHub: github.com and Enterprise Server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial

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
from flagstone.forge.hosts.github import (
    changing,
    conversation,
    finding,
    opening,
    repositories,
    statuses,
)
from flagstone.forge.hosts.github.api import GitHubApi, RepositoryApi, check_full_name
from flagstone.forge.hosts.github.credentials import Credential
from flagstone.forge.hosts.rest.remotes import http_remote
from flagstone.forge.hosts.rest.transport import Transport

HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
# git asks for a name beside the token; this one is right for tokens of both kinds
_GIT_USER = "x-access-token"


class GitHubForge:
    """GitHub, as its owner lets Flagstone's credential see it.

    Args:
        transport: To its REST API, with `HEADERS`: `https://api.github.com`, or
            `https://<host>/api/v3` of an Enterprise Server.
        web_url: Where people and git go: `https://github.com`, or `https://<host>`.
        credential: Signs each request by its repository.
    """

    capabilities = ForgeCapabilities(
        dedupes_open_pull_requests=True,
        acts_for_people=False,
        longest_body=opening.LONGEST_BODY,
    )

    def __init__(self, transport: Transport, *, web_url: str, credential: Credential) -> None:
        self._api = GitHubApi(transport, credential)
        self._web_url = web_url
        self._credential = credential

    def check_name(self, repository: str) -> None:
        check_full_name(repository)

    def git_remote(self, repository: str) -> GitRemote:
        check_full_name(repository)
        token = self._credential.git_token(repository)
        return http_remote(self._web_url, repository, user=_GIT_USER, token=token)

    def get_repository(self, repository: str) -> RepositoryInfo:
        return repositories.get_repository(self._of(repository))

    def create_repository(
        self, repository: str, *, description: str, files: ChangeSet, meta: CommitMeta
    ) -> RepositoryInfo:
        return repositories.create_repository(
            self._of(repository),
            description=description,
            files=files,
            meta=meta,
            remote=self.git_remote(repository),
        )

    def delete_repository(self, repository: str, *, expected_head: str) -> bool:
        return repositories.delete_repository(self._of(repository), expected_head=expected_head)

    def delete_branch(self, repository: str, branch: str, *, expected: str) -> bool:
        # by git: GitHub's API deletes a branch wherever it stands
        with GitWorkspace(self.git_remote(repository)) as workspace:
            return workspace.delete_branch(branch, expected=expected)

    def find_pull_request(
        self, repository: str, *, source: str, target: str, state: PullRequestState | None = None
    ) -> PullRequest | None:
        api = self._of(repository)
        return finding.find_pull_request(api, source=source, target=target, state=state)

    def get_pull_request(self, repository: str, number: int) -> PullRequest:
        return finding.get_pull_request(self._of(repository), number)

    def touched_pull_requests(
        self, repository: str, *, since: datetime | None = None
    ) -> list[PullRequestTouch]:
        return finding.touched_pull_requests(self._of(repository), since)

    def changed_files(self, repository: str, number: int) -> tuple[FileSize, ...]:
        return finding.changed_files(self._of(repository), number)

    def list_repositories(self, owner: str) -> Iterator[RepositoryEntry]:
        return repositories.list_repositories(self._api.speaking_for(owner), owner)

    def list_webhooks(self, repository: str) -> tuple[WebhookEntry, ...]:
        return repositories.list_webhooks(self._of(repository))

    def create_pull_request(self, repository: str, spec: PullRequestSpec) -> PullRequest:
        return opening.open_pull_request(self._of(repository), spec)

    def update_pull_request(
        self,
        repository: str,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        is_draft: bool | None = None,
    ) -> PullRequest:
        return changing.update_pull_request(
            self._of(repository), number, title=title, body=body, is_draft=is_draft
        )

    def close_pull_request(self, repository: str, number: int, *, by: Account) -> PullRequest:
        return changing.close_pull_request(self._of(repository), number)

    def merge_pull_request(
        self,
        repository: str,
        number: int,
        *,
        expected_head: str,
        method: MergeMethod,
        by: Account,
    ) -> MergeResult:
        return changing.merge_pull_request(
            self._of(repository), number, expected_head=expected_head, method=method
        )

    def submit_review(
        self, repository: str, number: int, *, by: Account, verdict: Verdict, body: str = ""
    ) -> PullRequest:
        raise NotAllowed(
            f"Review pull request #{number} at {self._web_url}/{repository}/pull/{number}: a review by "
            "Flagstone's own account would pass for a second pair of eyes.",
            code="forge.review_at_host",
            number=number,
        )

    def upsert_comment(
        self, repository: str, number: int, *, by: Account, body: str, marker: str = ""
    ) -> Comment:
        api = self._of(repository)
        return conversation.upsert_comment(
            api,
            number,
            by=by,
            body=body,
            marker=marker,
            own_login=partial(self._credential.own_login, api.transport),
        )

    def set_labels(self, repository: str, number: int, labels: tuple[str, ...]) -> PullRequest:
        return conversation.set_labels(self._of(repository), number, labels)

    def request_reviewers(self, repository: str, number: int, logins: tuple[str, ...]) -> None:
        conversation.request_reviewers(self._of(repository), number, logins)

    def set_commit_status(self, repository: str, commit: str, status: CommitStatus) -> None:
        statuses.set_commit_status(self._of(repository), commit, status)

    def commit_statuses(self, repository: str, commit: str) -> Mapping[str, CommitStatus]:
        return statuses.commit_statuses(self._of(repository), commit)

    def _of(self, repository: str) -> RepositoryApi:
        return self._api.of(repository)
