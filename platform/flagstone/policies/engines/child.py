"""A child process that runs policies: its start, its limits, and how it ended."""

from __future__ import annotations

import atexit
import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from flagstone.policies.gatekeeper.errors import EngineMissing

_COMMAND = ("-I", "-X", "utf8", "-m", "flagstone.policies.engines.confined_child")
_ENVIRONMENT = {
    "RUST_BACKTRACE": "0",
    # the engine's allocator takes a gigabyte at its start otherwise, of which no limit would be told
    "MIMALLOC_ARENA_RESERVE": "0",
    "MIMALLOC_DISALLOW_ARENA_ALLOC": "1",
}
_READ = 2**16
_MOST_PROGRAMS, _MOST_INVENTORIES = 300, 8
_CALM_SECONDS = 30  # processor time is what is limited; the wall only ends a child that hangs
_OUT_OF_MEMORY = (b"memory allocation", b"MemoryError", b"out of memory")


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """Bounds of one evaluation, or of compiling one policy.

    `seconds` is processor time; `megabytes` is what the child may take besides what it has at its
    start, `answer_bytes` the size of one answer.
    """

    seconds: float = 2.0
    megabytes: int = 512
    answer_bytes: int = 4 * 2**20


class ChildEnded(Exception):
    """The child died: how, and the answers that it gave before."""

    def __init__(self, how: str, answers: list[bytes]) -> None:
        super().__init__(how)
        self.how = how
        self.answers = answers


class Child:
    """One child at a time; not for two threads at once.

    Attributes:
        loaded: the programs that the living child knows.
        known: the inventories that it knows.
    """

    def __init__(self, limits: ChildLimits) -> None:
        self.loaded: set[str] = set()
        self.known: set[str] = set()
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._said: IO[bytes] | None = None
        atexit.register(self.close)

    def exchange(self, messages: Sequence[tuple[str, str]]) -> list[bytes]:
        """Send messages and wait for an answer to each.

        Raises:
            ChildEnded: it died over one of them.
            EngineMissing: no child can be started.
        """
        process = self._living()
        stdin = process.stdin
        assert stdin is not None  # noqa: S101 - opened as a pipe
        lines = [str(len(messages)), *(line for message in messages for line in message)]
        with contextlib.suppress(BrokenPipeError):  # how it ended is read below
            stdin.write("\n".join(lines).encode(errors="surrogatepass") + b"\n")
            stdin.flush()
        return self._read(process, len(messages))

    def renew(self) -> None:
        """End a child that knows too much by now, and forget one of another process.

        What a child was once told it never forgets; that of the process from which this one was
        forked is not ours, and a new one will know nothing of what that one knows.
        """
        is_full = len(self.loaded) > _MOST_PROGRAMS or len(self.known) > _MOST_INVENTORIES
        if is_full or self._owner != os.getpid():
            self.close()

    def close(self) -> None:
        """End the child, if there is one."""
        process, self._process = self._process, None
        self.loaded, self.known = set(), set()
        if self._said:
            self._said.close()
            self._said = None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                assert stream is not None  # noqa: S101 - opened as a pipe
                stream.close()
        process.wait()

    def _living(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._owner == os.getpid():
            return self._process
        self.close()
        limits = self._limits
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        try:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    *_COMMAND,
                    str(limits.seconds),
                    str(limits.megabytes),
                    str(limits.answer_bytes),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env=_ENVIRONMENT,
            )
        except OSError as error:
            raise EngineMissing(
                f"no child process for policies of others can be started: {error.strerror}"
            ) from error
        self._owner = os.getpid()
        return self._process

    def _read(self, process: subprocess.Popen[bytes], count: int) -> list[bytes]:
        stdout = process.stdout
        assert stdout is not None  # noqa: S101 - opened as a pipe
        wall = self._limits.seconds * 10 + _CALM_SECONDS
        answers: list[bytes] = []
        rest = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            last = time.monotonic()
            while len(answers) < count:
                if not selector.select(max(0.0, last + wall - time.monotonic())):
                    process.kill()
                    raise self._ended(answers, f"it gave no answer in {wall:g} seconds")
                data = os.read(stdout.fileno(), _READ)
                if not data:
                    raise self._ended(answers)
                rest += data
                if b"\n" in data:
                    *whole, last_part = rest.split(b"\n")
                    answers += map(bytes, whole)
                    rest = bytearray(last_part)
                    last = time.monotonic()
        return answers

    def _ended(self, answers: list[bytes], how: str = "") -> ChildEnded:
        process, said = self._process, self._said
        assert process is not None  # noqa: S101 - it was just read from
        assert said is not None  # noqa: S101 - opened with it
        status = process.wait()
        said.seek(0)
        words = said.read(_READ)
        self.close()
        return ChildEnded(how or self._cause(status, words), answers)

    def _cause(self, status: int, words: bytes) -> str:
        limits = self._limits
        if status == -signal.SIGPROF:
            return f"it took more than {limits.seconds:g} seconds of processor time"
        if any(sign in words for sign in _OUT_OF_MEMORY):
            return f"it took more than {limits.megabytes} MB of memory"
        if b"overflowed its stack" in words or status == -signal.SIGSEGV:
            return "it calls itself without end"
        return f"the process that evaluated it ended (status {status})"
