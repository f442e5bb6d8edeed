"""A registered code host that is a stand-in, with one repository on it: alike for each kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from flagstone.forge import connections, pacing
from flagstone.forge.credentials import keep_secret
from flagstone.forge.hosts.base import Forge, PullRequest
from flagstone.forge.models import CodeHost, HostKind, Repository, SecretPurpose
from tests.http_server import Request, Server
from tests.stand_ins import gitea, github, gitlab, pagure

REPO = "acme/gitops"
FILES = {"README.md": "hello\n", "services/a/x.yaml": "x: 1\n"}


@dataclass(frozen=True)
class Kind:
    """How to begin a code host of one kind.

    Attributes:
        begin: Starts the stand-in below a folder.
        token: What it lets in.
        opens: Matches the request that opens a pull request, as "METHOD path".
        user_name: Whose token it is.
        labels: Whether its API sets labels.
    """

    begin: Callable[[Path], AbstractContextManager[Any]]
    token: str
    opens: str
    user_name: str = ""
    labels: bool = True


KINDS: Mapping[str, Kind] = {
    HostKind.GITHUB: Kind(github.github_stand_in, github.TOKEN, r"POST .*/pulls"),
    HostKind.GITEA: Kind(gitea.gitea_stand_in, gitea.TOKEN, r"POST .*/pulls"),
    HostKind.GITLAB: Kind(gitlab.gitlab_stand_in, gitlab.TOKEN, r"POST .*/merge_requests"),
    HostKind.PAGURE: Kind(
        pagure.pagure_stand_in,
        pagure.TOKEN,
        r"POST .*/pull-request/new",
        user_name=pagure.BOT,
        labels=False,
    ),
}


@dataclass
class World:
    """A code host, and what is asked of it in tests."""

    stand_in: Any
    host: CodeHost
    repository: Repository
    bare: Path
    kind: Kind

    @property
    def server(self) -> Server:
        return self.stand_in.server  # type: ignore[no-any-return]

    @property
    def forge(self) -> Forge:
        return connections.connect(self.host)

    def pulls(self) -> list[PullRequest]:
        """Every pull request of the repository, as the code host has them now."""
        touches = self.forge.touched_pull_requests(REPO)
        return [self.forge.get_pull_request(REPO, touch.number) for touch in touches]

    def times_opened(self) -> int:
        """How often somebody asked for a pull request to be opened."""
        return sum(map(self.is_opening, self.server.requests))

    def is_opening(self, request: Request) -> bool:
        asked = f"{request.method} {request.path.partition('?')[0]}"
        return re.fullmatch(self.kind.opens, asked) is not None


@contextmanager
def world(kind: str, folder: Path, monkeypatch: Any) -> Iterator[World]:
    """Begin a code host of a kind, register it with its token, and take on its repository."""
    made = KINDS[kind]
    with made.begin(folder) as stand_in:
        # what happens there happens now: the first look at a repository goes back some weeks alone
        stand_in.clock = timezone.now().replace(microsecond=0) - timedelta(minutes=2)
        bare = stand_in.repository(REPO, FILES)
        # GitHub's own pace, a write a second, has its tests where it is kept
        monkeypatch.setattr(pacing, "_LIMITS", {})
        # the API and git of a stand-in are two servers
        monkeypatch.setattr(connections, "api_url", lambda *_: stand_in.url)
        host = CodeHost.objects.create(
            name=f"the-{kind}", kind=kind, web_url=stand_in.web_url, user_name=made.user_name
        )
        keep_secret(host, SecretPurpose.TOKEN, made.token)
        info = connections.connect(host).get_repository(REPO)
        repository = Repository.objects.create(
            host=host, full_name=REPO, default_branch=info.default_branch, head_commit=info.head
        )
        stand_in.server.requests.clear()
        yield World(stand_in, host, repository, bare, made)
