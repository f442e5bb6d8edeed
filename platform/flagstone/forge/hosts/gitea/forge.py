"""`Forge` for Gitea and Forgejo."""

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
from flagstone.forge.hosts.gitea.api import GiteaApi
from flagstone.forge.hosts.gitea.conversation import GiteaConversations
from flagstone.forge.hosts.gitea.decorating import GiteaDecorations
from flagstone.forge.hosts.gitea.merging import GiteaMerges
from flagstone.forge.hosts.gitea.names import check_full_name
from flagstone.forge.hosts.gitea.pull_requests import LONGEST_BODY, GiteaPullRequests
from flagstone.forge.hosts.gitea.repositories import GiteaRepositories
from flagstone.forge.hosts.gitea.statuses import GiteaStatuses
from flagstone.forge.hosts.rest.forge import Parts, RestForge
from flagstone.forge.hosts.rest.remotes import http_remote
from flagstone.forge.hosts.rest.transport import Transport

# with a token for a password, both take any name
_GIT_USER = "flagstone"


class GiteaForge(RestForge):
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
        self._decorations = GiteaDecorations(api)
        conversations = GiteaConversations(api)
        self._parts = Parts(
            repositories=GiteaRepositories(api, self.git_remote),
            pulls=GiteaPullRequests(api, conversations),
            merges=GiteaMerges(api, self.git_remote),
            comments=conversations,
            statuses=GiteaStatuses(api),
        )

    def check_name(self, repository: str) -> None:
        check_full_name(repository)

    def git_remote(self, repository: str) -> GitRemote:
        return http_remote(self._web_url, repository, user=_GIT_USER, token=self._token())

    def submit_review(
        self, repository: str, number: int, *, by: Account, verdict: Verdict, body: str = ""
    ) -> PullRequest:
        raise NotAllowed(
            f"Reviews of {repository} are given at the code host itself: Flagstone's account there "
            "would pass for a second pair of eyes.",
            code="forge.reviews_at_the_host",
            number=number,
        )

    def set_labels(self, repository: str, number: int, labels: tuple[str, ...]) -> PullRequest:
        self._decorations.set_labels(repository, number, labels)
        return self.get_pull_request(repository, number)

    def request_reviewers(self, repository: str, number: int, logins: tuple[str, ...]) -> None:
        self._decorations.request_reviewers(repository, number, logins)
