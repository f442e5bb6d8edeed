"""A stand-in for GitLab, people at it with a client that is not Flagstone's, and the adapter that speaks to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from flagstone.forge.hosts.base import Account, PullRequestSpec
from flagstone.forge.hosts.gitlab.forge import GitLabForge
from flagstone.forge.hosts.rest.transport import Transport
from tests.paces import Unhurried
from tests.stand_ins.gitlab import TOKEN, GitLabStandIn, gitlab_stand_in

REPO = "acme/payments/checkout"
PLACE = "/projects/acme%2Fpayments%2Fcheckout"
BRANCH = "flagstone/raise-limit-0198a7c2"
ADA = Account("ada", "Ada", "ada@example.com")
FLAGSTONE = Account("flagstone", "Flagstone", is_bot=True)
CHANGE = UUID("0198a7c2-0000-7000-8000-000000000001")


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[GitLabStandIn]:
    with gitlab_stand_in(tmp_path / "hosted") as stand_in:
        stand_in.repository(REPO)
        yield stand_in


@pytest.fixture
def pace() -> Unhurried:
    return Unhurried()


@pytest.fixture
def forge(stand_in: GitLabStandIn, pace: Unhurried) -> GitLabForge:
    return adapter(stand_in.url, stand_in.web_url, pace)


def adapter(url: str, web_url: str, pace: Unhurried | None = None) -> GitLabForge:
    transport = Transport(
        name="forge.example",
        base_url=url,
        authorize=lambda: {"PRIVATE-TOKEN": TOKEN},
        pace=pace or Unhurried(),
    )
    return GitLabForge(transport, web_url=web_url, token=lambda: TOKEN)


@pytest.fixture
def topic(stand_in: GitLabStandIn) -> str:
    """Put a commit on a branch, and return it."""
    return stand_in.bare(REPO).write(BRANCH, {"a.txt": "one\ntwo\n"})


def spec(**more: Any) -> PullRequestSpec:
    """Return a merge request from the branch to main."""
    told: dict[str, Any] = {
        "title": "Raise the limit",
        "body": "It is too low.",
        "source": BRANCH,
        "target": "main",
        "author": ADA,
        "change_id": CHANGE,
    }
    return PullRequestSpec(**{**told, **more})


def seen_by(stand_in: GitLabStandIn, username: str, number: int = 1) -> Any:
    """Return a merge request as somebody's client has it."""
    return stand_in.person(username).projects.get(REPO).mergerequests.get(number)
