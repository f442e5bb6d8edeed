"""A child process that never outlives its parent, with its output in a log file."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flagstone.core.parent_death import end_with_parent


class StartError(Exception):
    """Something could not be started; the message says what, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that a child runs as, for programs that refuse root."""

    uid: int
    gid: int


@dataclass(slots=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def stop(self, timeout: float) -> None:
        """Ask the child to end, and end its whole group if it does not within the time (seconds)."""
        if self.is_running:
            self.process.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout)
        _kill_group(self.process.pid)
        self.process.wait()

    def last_lines(self, count: int = 12) -> str:
        """Return the end of the child's log, for an error message."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
        except OSError:
            return ""


def spawn(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    account: Account | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    cwd: Path | None = None,
) -> Child:
    """Start a program in its own session; the kernel ends it when this process dies."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_die_with_parent(os.getpid(), stop_signal, account),  # noqa: PLW1509 - started before any thread
        )
    return Child(name=name, process=process, log=log, stop_signal=stop_signal)


def wait_until(
    ready: Callable[[], bool], child: Child, *, timeout: float, what: str, remedy: str = ""
) -> None:
    """Wait until the child is ready; its death or the time limit (seconds) is an error with the end of its log."""
    deadline = time.monotonic() + timeout
    while not ready():
        if not child.is_running:
            raise StartError(_story(f"{what} ended at once", child, remedy))
        if time.monotonic() > deadline:
            raise StartError(_story(f"{what} was not ready after {timeout:.0f} s", child, remedy))
        time.sleep(0.05)


def _story(happened: str, child: Child, remedy: str) -> str:
    lines = child.last_lines()
    detail = f"\nThe end of {child.log}:\n{lines}" if lines else f"\nIts log {child.log} is empty."
    return f"{happened}.{detail}" + (f"\n{remedy}" if remedy else "")


def _die_with_parent(
    parent: int, stop_signal: signal.Signals, account: Account | None
) -> Callable[[], None]:
    def prepare() -> None:
        if account is not None:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
        # after setuid: the kernel forgets the wish when the credentials change
        end_with_parent(parent, stop_signal)

    return prepare


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
