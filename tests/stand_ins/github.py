"""A stand-in for GitHub: its API over real bare repositories, and git over HTTP beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests import git_http
from tests.http_server import Reply, Request
from tests.stand_ins.base import running
from tests.stand_ins.github_apps import GIT_USER, AppRoutes
from tests.stand_ins.github_state import Hosted
from tests.stand_ins.repositories import BareRepositories, BareRepository

# the form of a token of GitHub's, so that what takes out secrets by their form is tried too
TOKEN = "ghp_canaryCanaryCanaryCanaryCanary012345"
BOT = "flagstone-bot"
_FIRST_FILES = {"README.md": "hello\n"}


class GitHubStandIn(AppRoutes):
    """GitHub, as far as Flagstone and its tests talk to it.

    Attributes:
        watchers: Called with every request that reached it, and its answer.
    """

    def __init__(self, repositories: BareRepositories, *, is_enterprise: bool = False) -> None:
        super().__init__(repositories)
        self.prefix = "/api/v3" if is_enterprise else ""
        self.watchers: list[Callable[[Request, Reply], None]] = []
        self.add_account(BOT)
        self.tokens[TOKEN] = BOT

    def repository(self, full_name: str, files: Mapping[str, str] = _FIRST_FILES) -> Path:
        """Return a repository's folder; one that is not there yet is made with these files."""
        if full_name.lower() not in self.hosted:
            self.add_account(full_name.partition("/")[0], "Organization")
            made = self.add(full_name)
            if files:
                made.bare.write("main", files, message="Begin")
        return self.repositories.folder(full_name)

    def known(self, full_name: str) -> Hosted:
        """Return what the host knows of a repository."""
        self.repository(full_name)
        return self.hosted[full_name.lower()]

    def bare(self, full_name: str) -> BareRepository:
        return self.known(full_name).bare

    def answer(self, request: Request) -> Reply:
        if self.prefix and request.path == "/api/graphql":  # beside the REST API, not below it
            request = replace(request, path=f"{self.prefix}/graphql")
        reply = super().answer(request)
        for watcher in self.watchers:
            watcher(request, reply)
        return reply


@contextmanager
def github_stand_in(root: Path, *, is_enterprise: bool = False) -> Iterator[GitHubStandIn]:
    """Run one over the bare repositories below a folder for the length of the block."""
    stand_in = GitHubStandIn(BareRepositories(root), is_enterprise=is_enterprise)
    root.mkdir(parents=True, exist_ok=True)
    users = {GIT_USER: TOKEN}
    with git_http.serving(root, users=users) as git, running(stand_in):
        stand_in.git = git
        yield stand_in
