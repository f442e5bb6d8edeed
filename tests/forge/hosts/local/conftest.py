from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flagstone.forge.hosts.base import Account
from flagstone.forge.hosts.local import LocalForge
from tests.forge.repositories import NOON, make_repository

MIA = Account("mia", "Mia Wong", "mia@example.com")
LEO = Account("leo", "Leo", "leo@example.com")
BOT = Account("flagstone", is_bot=True)


class Clock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def tick(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "host"


@pytest.fixture
def bare(root: Path) -> Path:
    return make_repository(root, {"README.md": "hello\n", "a.txt": "1\n2\n3\n"})


@pytest.fixture
def forge(root: Path, bare: Path, clock: Clock) -> LocalForge:
    return LocalForge(root, now=clock)
