"""`Forge` for Gitea and Forgejo."""

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
from flagstone.forge.hosts.gitea.api import GiteaApi
from flagstone.forge.hosts.gitea.conversation import GiteaConversations
from flagstone.forge.hosts.gitea.decorating import GiteaDecorations
from flagstone.forge.hosts.gitea.merging import GiteaMerges
from flagstone.forge.hosts.gitea.names import check_full_name
from flagstone.forge.hosts.gitea.pull_requests import LONGEST_BODY, GiteaPullRequests
from flagstone.forge.hosts.gitea.repositories import GiteaRepositories
from flagstone.forge.hosts.gitea.statuses import GiteaStatuses
from flagstone.forge.hosts.rest.remotes import http_remote
from flagstone.forge.hosts.rest.transport import Transport

# with a token for a password, both take any name
_GIT_USER = "flagstone"


class GiteaForge:
    """A Gitea or a Forgejo, where one account acts for everybody.

    Args:
        transport: To its API, `https://HOST/api/v1`; it brings the credential along.
        web_url: Where people and git find it, such as `https://HOST`.
        token: Returns the credential, for git.
    """

    capabilities = ForgeCapabilities(
        dedupes_open_pull_requests=True, acts_for_people=False, longest_body=LONGEST_BODY
    )

    def __init__(self, transport: Transport, *, web_url: str, token: Callable[[], str]) -> None:
        api = GiteaApi(transport)
        self._web_url = web_url
        self._token = token
        self._conversations = GiteaConversations(api)
        self._pulls = GiteaPullRequests(api, self._conversations)
        self._decorations = GiteaDecorations(api)
        self._merges = GiteaMerges(api)
        self._statuses = GiteaStatuses(api)
        self._repositories = GiteaRepositories(api, self.git_remote)

    def check_name(self, repository: str) -> None:
        check_full_name(repository)

    def git_remote(self, repository: str) -> GitRemote:
        return http_remote(self._web_url, repository, user=_GIT_USER, token=self._token())

    def get_repository(self, repository: str) -> RepositoryInfo:
        return self._repositories.describe(repository)

    def create_repository(
        self, repository: str, *, description: str, files: ChangeSet, meta: CommitMeta
    ) -> RepositoryInfo:
        return self._repositories.create(
            repository, description=description, files=files, meta=meta
        )

    def delete_repository(self, repository: str, *, expected_head: str) -> bool:
        return self._repositories.delete(repository, expected_head=expected_head)

    def delete_branch(self, repository: str, branch: str, *, expected: str) -> bool:
        with GitWorkspace(self.git_remote(repository)) as workspace:
            return workspace.delete_branch(branch, expected=expected)

    def find_pull_request(
        self, repository: str, *, source: str, target: str, state: PullRequestState | None = None
    ) -> PullRequest | None:
        return self._pulls.find(repository, source=source, target=target, state=state)

    def get_pull_request(self, repository: str, number: int) -> PullRequest:
        return self._pulls.get(repository, number)

    def touched_pull_requests(
        self, repository: str, *, since: datetime | None = None
    ) -> list[PullRequestTouch]:
        return self._pulls.touched(repository, since=since)

    def changed_files(self, repository: str, number: int) -> tuple[FileSize, ...]:
        return self._pulls.changed_files(repository, number)

    def list_repositories(self, owner: str) -> Iterator[RepositoryEntry]:
        return self._repositories.of_owner(owner)

    def list_webhooks(self, repository: str) -> tuple[WebhookEntry, ...]:
        return self._repositories.webhooks(repository)

    def create_pull_request(self, repository: str, spec: PullRequestSpec) -> PullRequest:
        return self._pulls.create(repository, spec)

    def update_pull_request(
        self,
        repository: str,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        is_draft: bool | None = None,
    ) -> PullRequest:
        return self._pulls.update(repository, number, title=title, body=body, is_draft=is_draft)

    def close_pull_request(self, repository: str, number: int, *, by: Account) -> PullRequest:
        return self._pulls.close(repository, number)

    def merge_pull_request(
        self,
        repository: str,
        number: int,
        *,
        expected_head: str,
        method: MergeMethod,
        by: Account,
    ) -> MergeResult:
        return self._merges.merge(
            repository,
            number,
            expected_head=expected_head,
            method=method,
            remote=self.git_remote(repository),
        )

    def submit_review(
        self, repository: str, number: int, *, by: Account, verdict: Verdict, body: str = ""
    ) -> PullRequest:
        raise NotAllowed(
            f"Reviews of {repository} are given at the code host itself: Flagstone's account there "
            "would pass for a second pair of eyes.",
            code="forge.reviews_at_the_host",
            number=number,
        )

    def upsert_comment(
        self, repository: str, number: int, *, by: Account, body: str, marker: str = ""
    ) -> Comment:
        return self._conversations.upsert(repository, number, by=by, body=body, marker=marker)

    def set_labels(self, repository: str, number: int, labels: tuple[str, ...]) -> PullRequest:
        self._decorations.set_labels(repository, number, labels)
        return self._pulls.get(repository, number)

    def request_reviewers(self, repository: str, number: int, logins: tuple[str, ...]) -> None:
        self._decorations.request_reviewers(repository, number, logins)

    def set_commit_status(self, repository: str, commit: str, status: CommitStatus) -> None:
        self._statuses.set(repository, commit, status)

    def commit_statuses(self, repository: str, commit: str) -> Mapping[str, CommitStatus]:
        return self._statuses.of(repository, commit)
