"""What keeps `make up` from starting is told at once, in one sentence, with nothing left running."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., str]:
    """Try to start with these variables; return what was said after `Flagstone did not start`."""

    def begin(**variables: str) -> str:
        plain = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}}
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "flagstone.config.runtime", "up"],
            env=plain | {"FLAGSTONE_HOME": str(tmp_path), "FLAGSTONE_PORT": "1"} | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert time.monotonic() - begun < 30
        _, _, said = done.stderr.partition("\nFlagstone did not start: ")
        return said.strip()

    return begin


def _port() -> str:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"FLAGSTONE_PORT": "abc"}, "FLAGSTONE_PORT must be a whole number, not 'abc'."),
        ({"FLAGSTONE_PORT": "0"}, "A port is a number from 1 to 65535, not 0."),
        ({"FLAGSTONE_PORT": "99999"}, "A port is a number from 1 to 65535, not 99999."),
        (
            {"FLAGSTONE_SECRET_KEY_FILE": "/nonexistent"},
            "FLAGSTONE_SECRET_KEY_FILE names /nonexistent, which cannot be read: No such file or directory.",
        ),
        (
            {"FLAGSTONE_SECRET_KEY_FILE": "/dev/null"},
            "FLAGSTONE_SECRET_KEY_FILE names /dev/null, which is empty.",
        ),
        ({"FLAGSTONE_DEBUG": "maybe"}, "FLAGSTONE_DEBUG must be true or false, not 'maybe'."),
        (
            {"FLAGSTONE_LOG_LEVEL": "loud"},
            "FLAGSTONE_LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not 'LOUD'.",
        ),
        (
            {"FLAGSTONE_SCORECARDS_DIR": "/nonexistent"},
            "FLAGSTONE_SCORECARDS_DIR names /nonexistent, which is not a folder.",
        ),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL is not a PostgreSQL connection URL."),
        (
            {"REDIS_URL": "nonsense"},
            "REDIS_URL must begin with redis://, rediss:// or unix://.",
        ),
    ],
)
def test_a_wrong_setting_is_named(
    start: Callable[..., str], variables: dict[str, str], said: str
) -> None:
    assert start(**{"FLAGSTONE_PORT": _port()} | variables) == said


def test_an_empty_secret_key_is_told_before_anything_starts(
    start: Callable[..., str], tmp_path: Path
) -> None:
    place = tmp_path / "secret-key"
    place.touch()

    assert start(FLAGSTONE_PORT=_port()) == (
        f"The secret key {place} is empty. Put the key back from a backup, or delete {place}: "
        "`make up` then makes a new one, and everybody has to sign in again."
    )
    assert not (tmp_path / "postgres").exists()


def test_servers_that_are_not_there_are_named(start: Callable[..., str]) -> None:
    dead = {"DATABASE_URL": "postgresql://flagstone:hunter2hunter2@127.0.0.1:9/x"}

    assert start(FLAGSTONE_PORT=_port(), **dead, REDIS_URL="redis://:hunter2@127.0.0.1:9/0") == (
        "The Redis that REDIS_URL names does not answer: Error 111 connecting to 127.0.0.1:9. Connection refused."
    )
    alive = os.environ.get("REDIS_URL") or f"unix://{os.environ['FLAGSTONE_HOME']}/redis/redis.sock"
    said = start(FLAGSTONE_PORT=_port(), **dead, REDIS_URL=alive)
    assert said.startswith(
        "The database schema could not be brought up to date:\nconnection failed: "
    )
    assert "Connection refused" in said
    assert "hunter2" not in said
