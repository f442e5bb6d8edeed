"""A stand-in for Pagure, the real one, and the adapter that speaks to both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flagstone.forge.hosts.pagure.forge import PagureForge
from tests.forge.hosts.pagure.worlds import BRANCH, World, adapter
from tests.paces import Unhurried
from tests.real_forge.pagure import be_patient, pagure_or_skip
from tests.stand_ins.pagure import PagureStandIn, pagure_stand_in

REPO = "gitops"


@pytest.fixture(scope="session")
def real_pagure() -> Iterator[World]:
    """The real one; tests that need it are skipped where it cannot be run."""
    with pagure_or_skip() as real:
        yield World(f"{real.url}/api/0", real.url, real.repositories, is_real=True)


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[PagureStandIn]:
    with pagure_stand_in(tmp_path / "hosted") as stand_in:
        stand_in.repository(REPO)
        yield stand_in


@pytest.fixture(
    params=["stand-in", pytest.param("real", marks=[pytest.mark.real_forge, pytest.mark.slow])]
)
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> World:
    """A Pagure of each sort: what holds for one holds for the other."""
    if request.param == "real":
        be_patient(monkeypatch)
        return request.getfixturevalue("real_pagure")
    stand_in = request.getfixturevalue("stand_in")
    return World(stand_in.url, stand_in.web_url, stand_in.repositories.root, is_real=False)


@pytest.fixture
def pace() -> Unhurried:
    return Unhurried()


@pytest.fixture
def forge(stand_in: PagureStandIn, pace: Unhurried) -> PagureForge:
    return adapter(stand_in.url, stand_in.web_url, pace=pace)


@pytest.fixture
def topic(stand_in: PagureStandIn) -> str:
    """Put a commit on a branch, and return it."""
    return stand_in.bare(REPO).write(BRANCH, {"a.txt": "one\ntwo\n"})
