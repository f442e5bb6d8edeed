"""A stand-in for GitHub that is held to GitHub's descriptions, and the adapter that speaks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import github
import pytest
from openapi_core.exceptions import OpenAPIError

from flagstone.forge.hosts.base import Account, PullRequestSpec
from flagstone.forge.hosts.github.credentials import Credential, PersonalToken
from flagstone.forge.hosts.github.forge import HEADERS, GitHubForge
from flagstone.forge.hosts.rest.transport import Transport
from tests.http_server import Reply, Request
from tests.paces import Unhurried
from tests.stand_ins.github import TOKEN, GitHubStandIn, github_stand_in
from tests.stand_ins.github_description import (
    UNDESCRIBED,
    VERSION,
    Unreachable,
    fetch_descriptions,
)
from tests.stand_ins.swagger import Description

REPO = "acme/gitops"
BRANCH = "flagstone/raise-limit-0198a7c2"
ADA = Account("ada", "Ada", "ada@example.com")
FLAGSTONE = Account("flagstone", "Flagstone", is_bot=True)
CHANGE = UUID("0198a7c2-0000-7000-8000-000000000001")


@pytest.fixture(scope="session")
def description_files(request: pytest.FixtureRequest) -> list[Path]:
    """Return GitHub's descriptions; none where the registry cannot be reached."""
    try:
        return fetch_descriptions(request.config.cache.mkdir(f"github-openapi-{VERSION}"))
    except Unreachable:
        return []


@pytest.fixture
def start(tmp_path: Path, description_files: list[Path]) -> Callable[..., Any]:
    """Start stand-ins whose requests and answers are all held to the descriptions."""
    return contextmanager(lambda **more: _held(tmp_path / "hosted", description_files, **more))


def _held(root: Path, files: list[Path], **more: Any) -> Iterator[GitHubStandIn]:
    with github_stand_in(root, **more) as stand_in:
        wrong: list[str] = []
        descriptions = [Description(file, stand_in, besides=UNDESCRIBED) for file in files]

        def hold(request: Request, reply: Reply) -> None:
            for description in descriptions:
                try:
                    description.check(request, reply)
                except (OpenAPIError, AssertionError) as error:
                    why = error.__cause__ or error
                    what = f"{request.method} {request.path} -> {reply.status}"
                    wrong.append(f"{description.name}: {what}: {why!r}")

        stand_in.watchers.append(hold)
        stand_in.repository(REPO)
        yield stand_in
        assert wrong == []


@pytest.fixture
def stand_in(start: Callable[..., Any]) -> Iterator[GitHubStandIn]:
    with start() as stand_in:
        yield stand_in


@pytest.fixture
def pace() -> Unhurried:
    return Unhurried()


@pytest.fixture
def forge(stand_in: GitHubStandIn, pace: Unhurried) -> GitHubForge:
    return adapter(stand_in, pace)


def transport_to(stand_in: GitHubStandIn, pace: Unhurried | None = None) -> Transport:
    return Transport(
        name="GitHub",
        base_url=stand_in.url,
        authorize=dict,
        pace=pace or Unhurried(),
        headers=HEADERS,
    )


def adapter(
    stand_in: GitHubStandIn,
    pace: Unhurried | None = None,
    *,
    credential: Credential | None = None,
) -> GitHubForge:
    return GitHubForge(
        transport_to(stand_in, pace),
        web_url=stand_in.web_url,
        credential=credential or PersonalToken(lambda: TOKEN),
    )


def client(stand_in: GitHubStandIn, login: str) -> github.Github:
    """Return an independent client, with somebody's own token."""
    auth = github.Auth.Token(stand_in.token_of(login))
    return github.Github(base_url=stand_in.url, auth=auth, retry=None, seconds_between_writes=0)


@pytest.fixture
def topic(stand_in: GitHubStandIn) -> str:
    """Put a commit on a branch, and return it."""
    return stand_in.bare(REPO).write(BRANCH, {"a.txt": "one\ntwo\n"})


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
