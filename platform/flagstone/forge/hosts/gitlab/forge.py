"""`Forge` for GitLab: gitlab.com, or one of a company's own."""

from __future__ import annotations

from collections.abc import Callable

from flagstone.forge.errors import NotAllowed
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.hosts.base import (
    Account,
    ForgeCapabilities,
    PullRequest,
    Verdict,
)
from flagstone.forge.hosts.gitlab.api import GitLabApi
from flagstone.forge.hosts.gitlab.comments import GitLabComments
from flagstone.forge.hosts.gitlab.merge_requests import GitLabMergeRequests
from flagstone.forge.hosts.gitlab.merging import GitLabMerges
from flagstone.forge.hosts.gitlab.names import check_full_path
from flagstone.forge.hosts.gitlab.repositories import GitLabProjects
from flagstone.forge.hosts.gitlab.statuses import GitLabStatuses
from flagstone.forge.hosts.gitlab.texts import LONGEST_BODY
from flagstone.forge.hosts.rest.forge import Parts, RestForge
from flagstone.forge.hosts.rest.remotes import http_remote
from flagstone.forge.hosts.rest.transport import Transport

# GitLab takes an access token of any kind from this name
_GIT_USER = "oauth2"


class GitLabForge(RestForge):
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
        api = GitLabApi(transport)
        self._web_url = web_url
        self._token = token
        self._merge_requests = GitLabMergeRequests(api, self.git_remote)
        self._parts = Parts(
            repositories=GitLabProjects(api, self.git_remote),
            pulls=self._merge_requests,
            merges=GitLabMerges(api),
            comments=GitLabComments(api),
            statuses=GitLabStatuses(api),
        )

    def check_name(self, repository: str) -> None:
        check_full_path(repository)

    def git_remote(self, repository: str) -> GitRemote:
        return http_remote(self._web_url, repository, user=_GIT_USER, token=self._token())

    def submit_review(
        self, repository: str, number: int, *, by: Account, verdict: Verdict, body: str = ""
    ) -> PullRequest:
        raise NotAllowed(
            f"Reviews of {repository} are given at GitLab itself: Flagstone's account there would "
            "pass for a second pair of eyes.",
            code="forge.reviews_at_the_host",
            number=number,
        )

    def set_labels(self, repository: str, number: int, labels: tuple[str, ...]) -> PullRequest:
        return self._merge_requests.set_labels(repository, number, labels)

    def request_reviewers(self, repository: str, number: int, logins: tuple[str, ...]) -> None:
        self._merge_requests.request_reviewers(repository, number, logins)
