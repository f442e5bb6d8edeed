"""A stand-in for Gitea and Forgejo: their API over real bare repositories, and git over HTTP beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests

from tests import git_http
from tests.http_server import Reply, Request
from tests.stand_ins.base import Call, Refused, route, running
from tests.stand_ins.gitea_repositories import RepositoryRoutes
from tests.stand_ins.gitea_state import Account, Hosted, said
from tests.stand_ins.repositories import BareRepositories, BareRepository

TOKEN = "gitea-canary-3fa9c1d07b"
BOT = "flagstone-bot"
_REPO = "/repos/{owner}/{repo}"
_FIRST_FILES = {"README.md": "hello\n"}


class GiteaStandIn(RepositoryRoutes):
    """Gitea, as far as Flagstone and its tests talk to it.

    Attributes:
        tokens: Credential to login.
        git: The git server beside it.
        most: What it gives on a page at most.
        watchers: Called with every request and its answer.
    """

    prefix = "/api/v1"
    git: git_http.GitServer

    def __init__(self, repositories: BareRepositories) -> None:
        super().__init__(repositories)
        self.most = 50
        self._ids = count(1)
        self._hosted: dict[str, Hosted] = {}
        self._accounts: dict[str, Account] = {}
        self.organisation_labels: dict[str, list[dict[str, Any]]] = {}
        self.tokens = {TOKEN: BOT}
        self.watchers: list[Any] = []
        self.add_person(BOT)

    @property
    def web_url(self) -> str:
        """Where git is."""
        return self.git.url

    def repository(self, full_name: str, files: Mapping[str, str] = _FIRST_FILES) -> Path:
        """Return a repository's folder; one that is not there yet is made with these files."""
        if full_name.lower() not in self._hosted:
            owner = full_name.partition("/")[0]
            if owner not in self._accounts:
                self.add_organisation(owner)
            bare = self.add(full_name).bare
            if files:
                bare.write("main", files, message="Begin")
        return self.repositories.folder(full_name)

    def bare(self, full_name: str) -> BareRepository:
        self.repository(full_name)
        return self._hosted[full_name.lower()].bare

    def known(self, full_name: str) -> Hosted:
        """Return what the host knows of a repository."""
        return self._hosted[full_name.lower()]

    def add(self, full_name: str, *, branch: str = "main", description: str = "") -> Hosted:
        """Make an empty repository."""
        owner = self._accounts[full_name.partition("/")[0]]
        hosted = Hosted(
            next(self._ids),
            full_name,
            owner,
            self.repositories.create(full_name, branch=branch),
            self.tick(),
            description,
        )
        self._hosted[full_name.lower()] = hosted
        return hosted

    def add_organisation(self, login: str) -> None:
        self._accounts[login] = Account(next(self._ids), login, is_organisation=True)

    def add_person(self, login: str, *, may_write: bool = True) -> Account:
        account = Account(next(self._ids), login, may_write=may_write)
        self._accounts[login] = account
        return account

    def person(self, login: str) -> Person:
        """Return somebody who uses the API with a credential of their own."""
        if login not in self._accounts:
            self.add_person(login)
        token = f"token-of-{login}"
        self.tokens[token] = login
        if self.git.users is not None:
            self.git.users[login] = token
        return Person(self, token)

    def answer(self, request: Request) -> Reply:
        reply = super().answer(request)
        for watcher in self.watchers:
            watcher(request, reply)
        return reply

    def before(self, request: Request) -> None:
        self.signed_in(request)

    def signed_in(self, request: Request) -> Account:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        login = self.tokens.get(token)
        if kind != "token" or login is None:
            raise Refused(401, said("invalid username, password or token"))
        return self._accounts[login]

    def account(self, login: str) -> Account | None:
        found = self._accounts.get(login)
        return None if found is None or found.is_organisation else found

    def hosted(self, call: Call, *, to_write: bool = False) -> Hosted:
        hosted = self._hosted.get(f"{call['owner']}/{call['repo']}".lower())
        if hosted is None:
            raise Refused(404, said("The target couldn't be found."))
        if to_write and hosted.is_archived:
            raise Refused(423, said(f"{hosted.full_name} is archived"))
        return hosted

    def page_size(self, call: Call) -> int:
        return min(int(call.query.get("limit", 30)), self.most)

    def listed(self, call: Call, entries: list[Any]) -> Reply:
        """Answer with one page; `Link` is there only where another page is."""
        size = self.page_size(call)
        number = int(call.query.get("page", 1))
        headers = {"X-Total-Count": str(len(entries))}
        if number * size < len(entries):
            path = call.request.path.partition("?")[0]
            query = urlencode({**call.query, "page": number + 1})
            # the address that the operator gave it, which is not the one that it is reached at
            headers["Link"] = f'<https://forge.example{path}?{query}>; rel="next"'
        return Reply(200, entries[(number - 1) * size : number * size], headers)

    @route("GET /user")
    def read_self(self, call: Call) -> Reply:
        return Reply(200, self.signed_in(call.request).json())

    @route("GET /users/{login}")
    def read_user(self, call: Call) -> Reply:
        if call["login"] not in self._accounts:
            raise Refused(404, said("user does not exist"))
        return Reply(200, self._accounts[call["login"]].json())

    @route("GET /orgs/{login}")
    def read_organisation(self, call: Call) -> Reply:
        account = self._organisation(call)
        return Reply(200, {"id": account.id, "name": account.login, "username": account.login})

    @route("GET /users/{login}/repos")
    @route("GET /orgs/{login}/repos")
    def list_repositories(self, call: Call) -> Reply:
        found = [each for each in self._hosted.values() if each.owner.login == call["login"]]
        return self.listed(call, [each.json(self.web_url) for each in found])

    @route("POST /orgs/{login}/repos")
    def create_in_organisation(self, call: Call) -> Reply:
        return self._create(call, self._organisation(call))

    @route("POST /user/repos")
    def create_own(self, call: Call) -> Reply:
        return self._create(call, self.signed_in(call.request))

    @route("GET /orgs/{login}/labels")
    def list_organisation_labels(self, call: Call) -> Reply:
        self._organisation(call)
        return self.listed(call, self.organisation_labels.get(call["login"], []))

    @route(f"GET {_REPO}")
    def read_repository(self, call: Call) -> Reply:
        may_write = self.signed_in(call.request).may_write
        return Reply(200, self.hosted(call).json(self.web_url, may_write=may_write))

    @route(f"DELETE {_REPO}")
    def delete_repository(self, call: Call) -> Reply:
        hosted = self.hosted(call)
        del self._hosted[hosted.full_name.lower()]
        folder = self.repositories.folder(hosted.full_name)
        folder.rename(folder.with_suffix(f".deleted-{hosted.id}"))
        return Reply(204, b"")

    def add_label(self, labels: list[dict[str, Any]], name: str) -> dict[str, Any]:
        label = {
            "id": next(self._ids),
            "name": name,
            "color": "ededed",
            "description": "",
            "exclusive": False,
            "is_archived": False,
            "url": "",
        }
        labels.append(label)
        return label

    def _organisation(self, call: Call) -> Account:
        account = self._accounts.get(call["login"])
        if account is None or not account.is_organisation:
            raise Refused(404, said("The target couldn't be found."))
        return account

    def _create(self, call: Call, owner: Account) -> Reply:
        told = call.payload
        full_name = f"{owner.login}/{told['name']}"
        if full_name.lower() in self._hosted:
            raise Refused(409, said("The repository with the same name already exists."))
        hosted = self.add(
            full_name,
            branch=told.get("default_branch", "main"),
            description=told.get("description", ""),
        )
        return Reply(201, hosted.json(self.web_url))


class Person:
    """Somebody at their own client: plain requests, and nothing of Flagstone."""

    def __init__(self, stand_in: GiteaStandIn, token: str) -> None:
        self._stand_in = stand_in
        self.headers = {"authorization": f"token {token}"}

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        return requests.request(
            method,
            f"{self._stand_in.url}{path}",
            json=body,
            params=query,
            headers=self.headers,
            timeout=10,
        )

    def do(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Do something that has to work, and return the answer."""
        response = self.ask(method, path, body, **query)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None


@contextmanager
def gitea_stand_in(root: Path) -> Iterator[GiteaStandIn]:
    """Run one over the bare repositories below a folder for the length of the block."""
    stand_in = GiteaStandIn(BareRepositories(root))
    # whoever has a token may sign in to git by any name; Flagstone takes its own
    users = {"flagstone": TOKEN}
    with git_http.serving(root, users=users) as git, running(stand_in):
        stand_in.git = git
        yield stand_in
