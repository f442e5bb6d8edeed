"""`Forge` for Pagure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from flagstone.forge.errors import NotAllowed, ReviewersRefused
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
from flagstone.forge.hosts.pagure.api import PagureApi
from flagstone.forge.hosts.pagure.conversation import PagureConversations
from flagstone.forge.hosts.pagure.merging import PagureMerges
from flagstone.forge.hosts.pagure.names import check_full_name, git_name
from flagstone.forge.hosts.pagure.pull_requests import LONGEST_BODY, PagurePullRequests
from flagstone.forge.hosts.pagure.repositories import PagureRepositories
from flagstone.forge.hosts.pagure.standing import PagureStandings
from flagstone.forge.hosts.pagure.statuses import PagureStatuses
from flagstone.forge.hosts.rest.remotes import http_remote
from flagstone.forge.hosts.rest.transport import Transport


class PagureForge:
    """A Pagure, where one account acts for everybody.

    Its API cannot do all that is asked of a code host. It knows no drafts, no reviews (people vote in comments, and
    a score of them is all it keeps) and no requests for one; it sets no labels and deletes no repository: all that
    is refused with words. A comment cannot be edited, so new words are a new comment. Private repositories look
    as if they were missing, whatever the credential may do.

    Args:
        transport: To its API, `https://HOST/api/0`; it brings the credential along.
        web_url: Where people and git find it, such as `https://HOST`.
        user: The account that the credential belongs to: git signs in with its name.
        token: Returns the credential, for git.
    """

    capabilities = ForgeCapabilities(
        dedupes_open_pull_requests=False, acts_for_people=False, longest_body=LONGEST_BODY
    )

    def __init__(
        self, transport: Transport, *, web_url: str, user: str, token: Callable[[], str]
    ) -> None:
        api = PagureApi(transport, user=user)
        self._web_url = web_url.rstrip("/")
        self._user = user
        self._token = token
        self._pulls = PagurePullRequests(api, PagureStandings(api))
        self._merges = PagureMerges(api, self._pulls)
        self._conversations = PagureConversations(api)
        self._statuses = PagureStatuses(api, web_url=self._web_url)
        self._repositories = PagureRepositories(api, self.git_remote)

    def check_name(self, repository: str) -> None:
        check_full_name(repository)

    def git_remote(self, repository: str) -> GitRemote:
        remote = http_remote(
            self._web_url, git_name(repository), user=self._user, token=self._token()
        )
        return dataclasses.replace(remote, name=repository)

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
        """Refuse, since people say there themselves what they think."""
        pull = self._pulls.get(repository, number)
        raise NotAllowed(
            f"Pagure has no reviews. Say at the code host what you think of it: {pull.url}",
            number=number,
        )

    def upsert_comment(
        self, repository: str, number: int, *, by: Account, body: str, marker: str = ""
    ) -> Comment:
        return self._conversations.upsert(repository, number, by=by, body=body, marker=marker)

    def set_labels(self, repository: str, number: int, labels: tuple[str, ...]) -> PullRequest:
        """Return a pull request that has these labels already, and refuse to set them on another one."""
        pull = self._pulls.get(repository, number)
        if set(pull.labels) != set(labels):
            raise NotAllowed(
                "Pagure lets no program label a pull request. Set its tags by hand: "
                f"{', '.join(sorted(labels)) or 'none'} on {pull.url}",
                number=number,
            )
        return pull

    def request_reviewers(self, repository: str, number: int, logins: tuple[str, ...]) -> None:
        pull = self._pulls.get(repository, number)
        if logins:
            raise ReviewersRefused(
                f"Pagure asks nobody for a review. Ask {', '.join(logins)} yourself: {pull.url}",
                number=number,
                logins=list(logins),
            )

    def set_commit_status(self, repository: str, commit: str, status: CommitStatus) -> None:
        self._statuses.set(repository, commit, status)

    def commit_statuses(self, repository: str, commit: str) -> Mapping[str, CommitStatus]:
        return self._statuses.of(repository, commit)
