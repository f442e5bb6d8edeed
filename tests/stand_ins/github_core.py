"""Who asks the stand-in for GitHub, and for what: credentials, rights, and what is hidden from whom."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from tests import git_http
from tests.http_server import Request
from tests.stand_ins.base import Call, Refused, StandIn
from tests.stand_ins.github_json import Writer, moment
from tests.stand_ins.github_state import Account, Hosted, Pull, said
from tests.stand_ins.repositories import BareRepositories


class GitHubCore(StandIn):
    """Accounts, repositories and credentials.

    Attributes:
        tokens: Credential to login; one that is taken out answers 401.
        git: The git server beside it.
        hosted: Repositories by full name in small letters.
        renamed: Those that had another name, by that one in small letters.
    """

    git: git_http.GitServer

    def __init__(self, repositories: BareRepositories) -> None:
        super().__init__(repositories)
        self.ids = count(1)
        self.tokens: dict[str, str] = {}
        self.accounts: dict[str, Account] = {}
        self.hosted: dict[str, Hosted] = {}
        self.renamed: dict[str, Hosted] = {}

    @property
    def web_url(self) -> str:
        """Where people and git go."""
        return self.git.url

    @property
    def write(self) -> Writer:
        return Writer(self.url, self.web_url)

    def add_account(self, login: str, kind: str = "User") -> Account:
        return self.accounts.setdefault(login, Account(next(self.ids), login, kind))

    def token_of(self, login: str) -> str:
        """Return a token of somebody, who is known from now on."""
        self.add_account(login)
        token = f"ghp_0123456789{login}"
        self.tokens[token] = login
        return token

    def before(self, request: Request) -> None:
        if self.is_own_business(request):
            return
        token = self.bearer(request)
        if token not in self.tokens:
            raise Refused(401, said("Bad credentials"))

    def is_own_business(self, request: Request) -> bool:
        """Tell whether a route looks at the credential itself."""
        return False

    def bearer(self, request: Request) -> str:
        return request.headers.get("authorization", "").rpartition(" ")[2]

    def asker(self, call: Call) -> Account:
        return self.accounts[self.tokens[self.bearer(call.request)]]

    def repo(self, call: Call, needed: str = "read") -> Hosted:
        """Return the repository of the path.

        Raises:
            Refused: It is not there, hidden, read-only, or the asker may not do this.
        """
        login = self.asker(call).login
        name = f"{call['owner']}/{call['repo']}".lower()
        if moved := self.renamed.get(name):
            place = f"{self.url}/repositories/{moved.number}"
            status = 301 if call.request.method == "GET" else 307
            raise Refused(status, {**said("Moved Permanently"), "url": place}, {"Location": place})
        found = self.hosted.get(name)
        if found is None or not found.may(login, "read"):
            raise Refused(404, said("Not Found"))
        if needed != "read" and found.is_archived:
            raise Refused(403, said("Repository was archived so is read-only."))
        if not found.may(login, needed):
            raise Refused(403, said("Resource not accessible by integration"))
        return found

    def pull(self, call: Call, needed: str = "read") -> tuple[Hosted, Pull]:
        """Return the pull request of the path, as git has its branch now."""
        hosted = self.repo(call, needed)
        pull = hosted.pulls.get(call.number("number"))
        if pull is None:
            raise Refused(404, said("Not Found"))
        self.follow(hosted, pull)
        return hosted, pull

    def follow(self, hosted: Hosted, pull: Pull) -> None:
        """Take in what was pushed."""
        if not pull.is_open:
            return
        head = hosted.bare.heads().get(pull.source)
        if head is None:
            self.close(hosted, pull, by=pull.author)
        elif head != pull.head:
            pull.head, pull.updated_at = head, self.tick()

    def close(self, hosted: Hosted, pull: Pull, *, by: Account) -> None:
        pull.closed_at = pull.updated_at = self.tick()
        self.happen(hosted, pull, "closed", by)

    def happen(
        self, hosted: Hosted, pull: Pull, event: str, by: Account, **more: Any
    ) -> dict[str, Any]:
        """Add an event to a pull request's timeline."""
        number = next(self.ids)
        made = {
            "id": number,
            "node_id": f"E_{number}",
            "url": f"{self.url}/repos/{hosted.full_name}/issues/events/{number}",
            "actor": self.write.account(by),
            "event": event,
            "commit_id": None,
            "commit_url": None,
            "created_at": moment(self.clock),
            "performed_via_github_app": None,
            **more,
        }
        pull.events.append(made)
        return made

    def visible(self, login: str) -> Iterator[Hosted]:
        for hosted in self.hosted.values():
            if hosted.may(login, "read"):
                yield hosted
