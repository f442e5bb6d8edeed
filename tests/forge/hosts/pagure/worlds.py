"""A Pagure to be tested against, whether real or a stand-in, and what people do there beside Flagstone."""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from flagstone.forge.errors import OutcomeUnknown
from flagstone.forge.git.commits import CommitMeta, Person
from flagstone.forge.hosts.base import Account, MergeMethod, MergeResult, PullRequestSpec
from flagstone.forge.hosts.pagure.forge import PagureForge
from flagstone.forge.hosts.pagure.names import git_name
from flagstone.forge.hosts.rest.transport import Transport
from tests.http_server import Reply, Request
from tests.paces import Unhurried
from tests.stand_ins.pagure_core import ADMIN, BOT, READER, TOKENS
from tests.stand_ins.repositories import BareRepository

__all__ = ["ADA", "ADMIN", "BOT", "FLAGSTONE", "READER", "TOKENS", "World", "adapter", "spec"]

ADA = Account("ada", "Ada", "ada@example.com")
FLAGSTONE = Account("flagstone", "Flagstone", is_bot=True)
BRANCH = "flagstone/raise-limit-0198a7c2"
CHANGE = uuid.UUID("0198a7c2-0000-7000-8000-000000000001")
_NUMBERS = itertools.count(1)
_PATIENCE = 6


def adapter(
    api_url: str, web_url: str, *, user: str = BOT, token: str = "", pace: Unhurried | None = None
) -> PagureForge:
    """Return an adapter that speaks with somebody's token."""
    token = token or TOKENS[user]
    transport = Transport(
        name="pagure.example",
        base_url=api_url,
        authorize=lambda: {"Authorization": f"token {token}"},
        pace=pace or Unhurried(),
    )
    return PagureForge(transport, web_url=web_url, user=user, token=lambda: token)


def spec(**more: Any) -> PullRequestSpec:
    """Return a pull request from the branch to main."""
    told: dict[str, Any] = {
        "title": "Raise the limit",
        "body": "It is too low.",
        "source": BRANCH,
        "target": "main",
        "author": ADA,
        "change_id": CHANGE,
    }
    return PullRequestSpec(**{**told, **more})


def meta(subject: str = "Change", at: datetime | None = None) -> CommitMeta:
    moment = at or datetime.now(UTC)
    return CommitMeta(subject, "", Person("Ada", "ada@example.com"), moment)


@dataclass
class World:
    """One Pagure.

    Attributes:
        api_url: Of its API.
        web_url: Of git.
        repositories: Where its bare repositories lie.
        is_real: Whether it is a real one.
    """

    api_url: str
    web_url: str
    repositories: Path
    is_real: bool
    forge: PagureForge = field(init=False)

    def __post_init__(self) -> None:
        self.forge = adapter(self.api_url, self.web_url)

    def as_user(self, user: str, token: str = "") -> PagureForge:
        return adapter(self.api_url, self.web_url, user=user, token=token)

    def new_name(self) -> str:
        return f"r{uuid.uuid4().hex[:10]}"

    def new_repository(self, files: Mapping[str, str] | None = None) -> str:
        """Make a repository that holds these files."""
        name = self.new_name()
        self.do(BOT, "new", name=name, description="A repository", default_branch="main", wait=True)
        self.put(name, files or {"README.md": "hello\n", "a.txt": "one\n"}, branch="main")
        return name

    def put(
        self, repository: str, files: Mapping[str, str], *, branch: str = BRANCH, base: str = "main"
    ) -> str:
        """Put a commit on a branch without a push, which takes a real Pagure five seconds; return it."""
        bare = self.bare(repository)
        commit = bare.write(branch, files, base=base, message=f"Change {next(_NUMBERS)}")
        self._give_back(bare.folder)
        return commit

    def bare(self, repository: str) -> BareRepository:
        return BareRepository(self.repositories / f"{git_name(repository)}.git")

    def head(self, repository: str, branch: str = "main") -> str | None:
        return self.bare(repository).heads().get(branch)

    def _give_back(self, folder: Path) -> None:
        """Let what we wrote into it belong to whom the folder belongs, who is not us."""
        owner = folder.stat()
        if owner.st_uid != os.geteuid():
            for path in folder.rglob("*"):
                os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)

    def do(self, user: str, path: str, **payload: Any) -> Any:
        """Let somebody do something over the API, as people and their programs do."""
        done = requests.post(
            f"{self.api_url}/{path}",
            json=payload,
            headers={"Authorization": f"token {TOKENS[user]}"},
            timeout=90,
        )
        assert done.status_code == 200, done.text
        return done.json()

    def forward(self, request: Request) -> Reply:
        """Hand a request on, for a server in between that loses answers."""
        kept = ("authorization", "content-type")
        done = requests.request(
            request.method,
            f"{self.api_url}{request.path}",
            data=request.body,
            headers={name: request.headers[name] for name in kept if name in request.headers},
            timeout=90,
        )
        return Reply(done.status_code, done.content)

    def merge(self, repository: str, number: int, head: str, *, user: str = BOT) -> MergeResult:
        """Merge as callers must: where there was no answer, ask again."""
        for _ in range(_PATIENCE):
            try:
                return self.as_user(user).merge_pull_request(
                    repository,
                    number,
                    expected_head=head,
                    method=MergeMethod.MERGE,
                    by=ADA,
                )
            except OutcomeUnknown:
                continue
        raise AssertionError("no answer to a merge")
