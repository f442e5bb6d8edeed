"""`Forge` for Pagure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from flagstone.forge.errors import NotAllowed, ReviewersRefused
from flagstone.forge.git.remotes import GitRemote
from flagstone.forge.hosts.base import (
    Account,
    ForgeCapabilities,
    PullRequest,
    Verdict,
)
from flagstone.forge.hosts.pagure.api import PagureApi
from flagstone.forge.hosts.pagure.conversation import PagureConversations
from flagstone.forge.hosts.pagure.merging import PagureMerges
from flagstone.forge.hosts.pagure.names import check_full_name, git_name
from flagstone.forge.hosts.pagure.pull_requests import LONGEST_BODY, PagurePullRequests
from flagstone.forge.hosts.pagure.repositories import PagureRepositories
from flagstone.forge.hosts.pagure.standing import PagureStandings
from flagstone.forge.hosts.pagure.statuses import PagureStatuses
from flagstone.forge.hosts.rest.forge import Parts, RestForge
from flagstone.forge.hosts.rest.remotes import http_remote
from flagstone.forge.hosts.rest.transport import Transport


class PagureForge(RestForge):
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
        pulls = PagurePullRequests(api, PagureStandings(api))
        self._parts = Parts(
            repositories=PagureRepositories(api, self.git_remote),
            pulls=pulls,
            merges=PagureMerges(api, pulls, self.git_remote),
            comments=PagureConversations(api),
            statuses=PagureStatuses(api, web_url=self._web_url),
        )

    def check_name(self, repository: str) -> None:
        check_full_name(repository)

    def git_remote(self, repository: str) -> GitRemote:
        remote = http_remote(
            self._web_url, git_name(repository), user=self._user, token=self._token()
        )
        return dataclasses.replace(remote, name=repository)

    def submit_review(
        self, repository: str, number: int, *, by: Account, verdict: Verdict, body: str = ""
    ) -> PullRequest:
        """Refuse, since people say there themselves what they think."""
        pull = self.get_pull_request(repository, number)
        raise NotAllowed(
            f"Pagure has no reviews. Say at the code host what you think of it: {pull.url}",
            number=number,
        )

    def set_labels(self, repository: str, number: int, labels: tuple[str, ...]) -> PullRequest:
        """Return a pull request that has these labels already, and refuse to set them on another one."""
        pull = self.get_pull_request(repository, number)
        if set(pull.labels) != set(labels):
            raise NotAllowed(
                "Pagure lets no program label a pull request. Set its tags by hand: "
                f"{', '.join(sorted(labels)) or 'none'} on {pull.url}",
                number=number,
            )
        return pull

    def request_reviewers(self, repository: str, number: int, logins: tuple[str, ...]) -> None:
        pull = self.get_pull_request(repository, number)
        if logins:
            raise ReviewersRefused(
                f"Pagure asks nobody for a review. Ask {', '.join(logins)} yourself: {pull.url}",
                number=number,
                logins=list(logins),
            )
