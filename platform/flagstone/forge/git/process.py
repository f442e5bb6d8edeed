"""Runs one process in a group of its own, and ends the whole group when time or room runs out."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flagstone.forge.git.limits import ProcessLimits

_CHUNK = 65536
_KEPT_STDERR = 64 * 1024
_GRACE = 1.0


class TimeLimitReached(Exception):
    """The process did not end in time and was killed with all its children."""


class OutputLimitReached(Exception):
    """The process said more than allowed and was killed with all its children."""


@dataclass(frozen=True, slots=True)
class Completed:
    """What an ended process left behind."""

    status: int
    stdout: bytes
    stderr: str


def run_group(
    command: Sequence[str],
    *,
    stdin: bytes,
    environment: Mapping[str, str],
    directory: Path,
    time_limit: float,
    output_limit: int,
    limits: ProcessLimits | None = None,
) -> Completed:
    """Run a command to its end, or end it and every process it started.

    Killing only the command is not enough: `git` ends, and its `git-remote-http` lives on and
    holds the connection.

    Raises:
        TimeLimitReached: It took longer than `time_limit` seconds.
        OutputLimitReached: It wrote more than `output_limit` bytes.
        OSError: It could not be started.
    """
    if limits is not None:
        if shutil.which(command[0], path=environment.get("PATH")) is None:
            raise FileNotFoundError(command[0])
        command = limits.around(command)
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        cwd=directory,
        start_new_session=True,
    )
    with process:
        try:
            deadline = time.monotonic() + time_limit
            stdout, stderr = _exchange(process, stdin, deadline, output_limit)
            status = process.wait(max(deadline - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired as error:
            _end_group(process)
            raise TimeLimitReached from error
        except BaseException:
            _end_group(process)
            raise
    return Completed(status, stdout, stderr[-_KEPT_STDERR:].decode("utf-8", "replace").strip())


def _exchange(
    process: subprocess.Popen[bytes], stdin: bytes, deadline: float, output_limit: int
) -> tuple[bytes, bytes]:
    """Feed and drain the pipes until all are closed; one full pipe never blocks another."""
    outputs: dict[object, bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
    unsent = memoryview(stdin)
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            selector.register(_open(stream), selectors.EVENT_READ)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeLimitReached
            for key, _ in selector.select(left):
                if key.fileobj is process.stdin:
                    unsent = _send(_open(process.stdin), unsent)
                    finished = not unsent
                else:
                    chunk = os.read(key.fd, _CHUNK)
                    outputs[key.fileobj] += chunk
                    finished = not chunk
                if finished:
                    selector.unregister(key.fileobj)
                    _close(key.fileobj)
            if sum(map(len, outputs.values())) > output_limit:
                raise OutputLimitReached
    return bytes(outputs[process.stdout]), bytes(outputs[process.stderr])


def _send(stream: IO[bytes], unsent: memoryview) -> memoryview:
    try:
        sent = os.write(stream.fileno(), unsent[:_CHUNK])
    except BlockingIOError:
        return unsent
    except BrokenPipeError:
        return unsent[:0]  # it stopped listening: its status and stderr say why
    return unsent[sent:]


def _close(stream: object) -> None:
    with contextlib.suppress(OSError):
        stream.close()  # type: ignore[attr-defined]


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise RuntimeError("the process was started without this pipe")
    return stream


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ask the group to end, so that git removes its lock files, and then end it."""
    # the leader is not reaped before the end, so its id cannot have been given to another group
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        _await_end(process.pid)
        os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            _close(stream)
    process.wait()


def _await_end(pid: int) -> None:
    deadline = time.monotonic() + _GRACE
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while time.monotonic() < deadline and os.waitid(os.P_PID, pid, flags) is None:
        time.sleep(0.01)
