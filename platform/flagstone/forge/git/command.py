"""The door to git: GitPython's command interface, started in our environment and limits."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

# importing GitPython must not fail where git is missing: the first command says so in our words
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

from git.cmd import Git as GitPythonCommand

from flagstone.core.redaction import masked, spellings_of
from flagstone.forge.errors import GitFailed, GitMissing, NoRoom, OutputTooLarge, TimedOut
from flagstone.forge.git.limits import ProcessLimits
from flagstone.forge.git.process import (
    Completed,
    OutputLimitReached,
    TimeLimitReached,
    run_group,
)
from flagstone.forge.git.version import check_version

DEFAULT_TIME_LIMIT = 60.0
# what the other side says of its own disk begins with `remote:`
_DISK_FULL = re.compile(
    r"^(?!remote:).*(?:No space left on device|Out of diskspace|Disk quota exceeded)", re.MULTILINE
)
# everything else writes what a repository holds, which stays as it is
_SAYS_A_SERVERS_WORDS = frozenset({"ls-remote", "push"})
DEFAULT_OUTPUT_LIMIT = 256 * 1024 * 1024


class Git(GitPythonCommand):
    """git commands on one bare repository, or on none.

    GitPython builds the command line; starting it is ours, because GitPython hands the parent's
    whole environment down and ends only the process it started.

    Args:
        directory: The bare repository, or any folder for commands that need none.
        environment: All that git gets, see `clean_environment`.
        time_limit: Seconds that a command may take.
        limits: What the kernel lets a command take, where it works with what strangers sent.
        credentials: Headers that sign in, see `GitRemote.credentials`; what the other side says is rid of them.
    """

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str],
        *,
        time_limit: float = DEFAULT_TIME_LIMIT,
        limits: ProcessLimits | None = None,
        credentials: Collection[str] = (),
    ) -> None:
        super().__init__(str(directory))
        self._directory = directory
        self._clean_environment = environment
        self._time_limit = time_limit
        self._limits = limits
        self._credentials = credentials
        self._spellings = [each for header in credentials for each in spellings_of(header)]

    def with_environment(self, **more: str) -> Git:
        """Return the same git with more in its environment."""
        environment = {**self._clean_environment, **more}
        return Git(
            self._directory,
            environment,
            time_limit=self._time_limit,
            limits=self._limits,
            credentials=self._credentials,
        )

    def run(
        self,
        command: str,
        *arguments: str,
        stdin: bytes = b"",
        accept: Collection[int] | None = (0,),
        time_limit: float | None = None,
        output_limit: int = DEFAULT_OUTPUT_LIMIT,
    ) -> Completed:
        """Run one git command.

        Args:
            command: Such as `diff-tree`.
            *arguments: Its options and operands; no shell sees them.
            stdin: What the command reads.
            accept: Exit codes that are answers and not failures; None for every one.
            time_limit: Seconds, when other than this object's own.
            output_limit: Bytes that it may write.

        Raises:
            GitFailed: It ended with another exit code.
            TimedOut: It took too long.
            OutputTooLarge: It wrote too much.
            GitMissing: There is no git to start.
        """
        done = cast(
            "Completed",
            self._call_process(
                command,
                *arguments,
                istream=stdin,
                kill_after_timeout=time_limit or self._time_limit,
                max_chunk_size=output_limit,
            ),
        )
        if accept is not None and done.status not in accept:
            if _DISK_FULL.search(done.stderr):
                raise NoRoom(f"The disk is full: git {command} could not write; free some space.")
            raise GitFailed(
                f"git {command} failed with exit code {done.status}: "
                f"{done.stderr or 'it gave no reason'}",
                command=command,
                status=done.status,
                stderr=done.stderr,
            )
        return done

    def execute(  # type: ignore[override]
        self,
        command: Sequence[str],
        *,
        istream: bytes = b"",
        kill_after_timeout: float = DEFAULT_TIME_LIMIT,
        max_chunk_size: int = DEFAULT_OUTPUT_LIMIT,
    ) -> Completed:
        """Start what GitPython put together; the keywords are its names for stdin and limits."""
        try:
            check_version(self._clean_environment)
            done = run_group(
                command,
                stdin=istream,
                environment=self._clean_environment,
                directory=self._directory,
                time_limit=kill_after_timeout,
                output_limit=max_chunk_size,
                limits=self._limits,
            )
            return self._without_credentials(done, command[1])
        except TimeLimitReached as error:
            raise TimedOut(
                f"git {command[1]} did not end within {kill_after_timeout:g} seconds, "
                "so it was ended; it will be tried again.",
                command=command[1],
            ) from error
        except OutputLimitReached as error:
            raise OutputTooLarge(
                f"git {command[1]} gave more than {max_chunk_size} bytes; ask for less at once.",
                command=command[1],
            ) from error
        except FileNotFoundError as error:
            if not self._directory.is_dir():
                raise NoRoom(
                    f"The folder that git worked in is not there any more: {self._directory}. "
                    "It will be tried again; keep others from tidying there."
                ) from error
            raise GitMissing(
                "The git program cannot be started; "
                "install git 2.38 or newer here and on every worker."
            ) from error

    def _without_credentials(self, done: Completed, command: str) -> Completed:
        """Mask what a server repeats of the credential that it was sent: its words are stored and shown."""
        if not self._spellings:
            return done
        stdout = done.stdout
        if command in _SAYS_A_SERVERS_WORDS:
            said = masked(stdout.decode("utf-8", "surrogateescape"), self._spellings)
            stdout = said.encode("utf-8", "surrogateescape")
        return replace(done, stdout=stdout, stderr=masked(done.stderr, self._spellings))
