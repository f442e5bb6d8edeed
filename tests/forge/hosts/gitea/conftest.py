"""A stand-in for Gitea that is held to the descriptions of both makers, and the adapter that speaks to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from openapi_core.exceptions import OpenAPIError

from flagstone.forge.hosts.base import Account, PullRequestSpec
from flagstone.forge.hosts.gitea.forge import GiteaForge
from flagstone.forge.hosts.rest.transport import Transport
from tests.corpora import SHARED
from tests.http_server import Reply, Request
from tests.paces import Unhurried
from tests.stand_ins.gitea import TOKEN, GiteaStandIn, Person, gitea_stand_in
from tests.stand_ins.swagger import Description

REPO = "acme/gitops"
BRANCH = "flagstone/raise-limit-0198a7c2"
ADA = Account("ada", "Ada", "ada@example.com")
FLAGSTONE = Account("flagstone", "Flagstone", is_bot=True)
CHANGE = UUID("0198a7c2-0000-7000-8000-000000000001")
DESCRIPTIONS = ("gitea-1.27.1.swagger.json", "forgejo-16.0.1.swagger.json")


def descriptions_of(stand_in: GiteaStandIn) -> list[Description]:
    """Return the descriptions that lie beside this checkout."""
    files = [SHARED / "corpora" / "openapi" / name for name in DESCRIPTIONS]
    return [Description(file, stand_in) for file in files if file.is_file()]


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[GiteaStandIn]:
    with gitea_stand_in(tmp_path / "hosted") as stand_in:
        wrong: list[str] = []
        descriptions = descriptions_of(stand_in)

        def hold(request: Request, reply: Reply) -> None:
            for description in descriptions:
                try:
                    description.check(request, reply)
                except (OpenAPIError, AssertionError) as error:
                    why = error.__cause__ or error
                    wrong.append(
                        f"{description.name}: {request.method} {request.path} -> {reply.status}: {why!r}"
                    )

        stand_in.watchers.append(hold)
        stand_in.repository(REPO)
        yield stand_in
        assert wrong == []


@pytest.fixture
def pace() -> Unhurried:
    return Unhurried()


@pytest.fixture
def forge(stand_in: GiteaStandIn, pace: Unhurried) -> GiteaForge:
    return adapter(stand_in, pace)


def adapter(stand_in: GiteaStandIn, pace: Unhurried | None = None) -> GiteaForge:
    transport = Transport(
        name="forge.example",
        base_url=stand_in.url,
        authorize=lambda: {"Authorization": f"token {TOKEN}"},
        pace=pace or Unhurried(),
    )
    return GiteaForge(transport, web_url=stand_in.web_url, token=lambda: TOKEN)


@pytest.fixture
def topic(stand_in: GiteaStandIn) -> str:
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


def as_person(person: Person, method: str, path: str, body: Any) -> Request:
    """Return a request of somebody's, to be answered in the middle of another one."""
    return Request(method, f"/api/v1{path}", person.headers, json.dumps(body).encode())
