"""A real Pagure from a folder that `FLAGSTONE_REAL_FORGE` names: started where a test needs it, stopped at the end.

The folder holds an installed system and `pagure_forge.sh`, which starts and stops it and needs root. Several test
processes share one: whoever comes first starts it, whoever leaves last stops it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from flagstone.forge.hosts.rest import remotes

VARIABLE = "FLAGSTONE_REAL_FORGE"
_SCRIPT = "pagure_forge.sh"
# its database and repositories, made anew with each start
_STATE = Path("srv", "pg")
_START_SECONDS = 150


class CannotRun(Exception):
    """There is no real Pagure here; the message says why."""


def real_folder() -> Path:
    """Return the folder.

    Raises:
        CannotRun: There is none, or it cannot be started here.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        raise CannotRun(f"{VARIABLE} names no folder with a real Pagure")
    folder = Path(named)
    if not (folder / _SCRIPT).is_file():
        raise CannotRun(f"{VARIABLE} names {folder}, where no {_SCRIPT} lies")
    if os.geteuid() != 0:
        raise CannotRun("a real Pagure is started by root alone")
    return folder


@dataclass(frozen=True)
class RealPagure:
    """A real Pagure that runs.

    Attributes:
        url: Its address.
        repositories: Where its bare repositories lie, for what needs no push.
    """

    url: str
    repositories: Path


@contextmanager
def running_pagure() -> Iterator[RealPagure]:
    """Run the real Pagure for the length of the block.

    Raises:
        CannotRun: It cannot be run here.
    """
    folder = real_folder()
    url = _enter(folder)
    try:
        yield RealPagure(url, folder / _STATE / "repos")
    finally:
        _leave(folder)


@contextmanager
def pagure_or_skip() -> Iterator[RealPagure]:
    """Run it for the length of the block; skip the test, saying why, where it cannot be run."""
    try:
        with running_pagure() as real:
            yield real
    except CannotRun as error:
        pytest.skip(str(error))


def be_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a push take its time: five seconds where nothing else runs, a minute where much does."""
    monkeypatch.setattr(remotes, "SILENT_SECONDS", 110)


def _enter(folder: Path) -> str:
    with _users_of(folder) as users:
        if not users["here"]:
            users["ports"] = [_free_port(), _free_port()]
            _call(folder, "stop", users["ports"])  # what a killed run has left
            shutil.rmtree(folder / _STATE, ignore_errors=True)
            _call(folder, "start", users["ports"])
        users["here"].append(os.getpid())
        return f"http://127.0.0.1:{users['ports'][0]}"


def _leave(folder: Path) -> None:
    with _users_of(folder) as users:
        with contextlib.suppress(ValueError):
            users["here"].remove(os.getpid())
        if not users["here"]:
            _call(folder, "stop", users["ports"])


@contextmanager
def _users_of(folder: Path) -> Iterator[dict[str, list[int]]]:
    """Give the processes that use it and its ports, to be changed under a lock."""
    with (folder / "users.json").open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        users = json.loads(file.read() or '{"here": [], "ports": [0, 0]}')
        users["here"] = [pid for pid in users["here"] if _is_alive(pid)]
        try:
            yield users
        finally:
            file.seek(0)
            file.truncate()
            file.write(json.dumps(users))


def _call(folder: Path, command: str, ports: list[int]) -> None:
    # into a file: what is started holds on to a pipe, and nobody would see its end
    with (folder / f"{command}.log").open("w+", encoding="utf-8") as log:
        done = subprocess.run(
            [str(folder / _SCRIPT), command, str(folder)],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=_START_SECONDS,
            # with the worker that delivers webhooks
            env={
                **os.environ,
                "PORT": str(ports[0]),
                "RPORT": str(ports[1]),
                "PG_WEBHOOK": "1",
            },
        )
        log.seek(0)
        if done.returncode != 0:
            raise CannotRun(f"the real Pagure did not {command}: {log.read()[-2000:]}")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
