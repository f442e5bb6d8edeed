"""What `flagstone forge backfill` does and says; it needs Django set up."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import typer

from flagstone.cli.code_hosts import code_host
from flagstone.cli.progress import Progress
from flagstone.core.errors import NotFound
from flagstone.forge.errors import AuthenticationFailed, CredentialMissing, ForgeError
from flagstone.forge.models import Repository
from flagstone.forge.pipeline import Backfill

READ, PROBLEMS, STOPPED = 0, 1, 3
# what one repository is refused for is refused to all of its code host
_OF_THE_HOST = (AuthenticationFailed, CredentialMissing)
_SHORTEST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0


@dataclass
class History:
    """How far the history of one repository was read.

    Attributes:
        repository: Whose.
        read: How many were.
        left: How many were not come to, as far as it is known.
        problems: Those that could not be read, and why.
        stopped: What ended it, in words; "" where all was come to.
        cause: The error that ended it.
    """

    repository: Repository
    read: int = 0
    left: int | None = None
    problems: list[str] = field(default_factory=list)
    stopped: str = ""
    cause: ForgeError | None = None

    @property
    def ending(self) -> int:
        if self.cause is not None and self.cause.worth_retrying:
            return STOPPED
        return PROBLEMS if self.problems or self.stopped else READ

    def as_json(self) -> str:
        return json.dumps(
            {
                "host": self.repository.host.name,
                "repository": self.repository.full_name,
                "read": self.read,
                "left": self.left,
                "problems": self.problems,
                "stopped": self.stopped,
            }
        )

    def as_text(self) -> str:
        left = f", {self.left} left" if self.left else ""
        lines = [f"{self.repository.full_name}: {self.read} read{left}."]
        lines += [f"  not read: {problem}" for problem in self.problems]
        lines += [f"  stopped: {self.stopped}"] if self.stopped else []
        return "\n".join(lines)


def choose(names: Sequence[str], host: str) -> list[Repository]:
    """Return the registered repositories of these names, or all.

    Raises:
        NotFound: One is not registered, or there is no such code host.
    """
    known = Repository.objects.seen().select_related("host")
    if host:
        code_host(host)
        known = known.filter(host__name=host)
    found = [] if names else list(known)
    for name in names:
        rows = list(known.named(name))
        if not rows:
            where = f" on {host}" if host else ""
            raise NotFound(
                f"No repository {name}{where} is registered. Register it in the admin first, or with "
                "`flagstone forge discover`."
            )
        found += rows
    return found


def read_histories(
    repositories: Iterable[Repository],
    since: datetime | None,
    *,
    wait: bool,
    is_quiet: bool = False,
) -> Iterator[History]:
    """Read one history after the other; a code host that refuses the credential is not asked again for the next.

    Args:
        repositories: Whose.
        since: As in `read_history`.
        wait: As in `read_history`.
        is_quiet: As in `read_history`.
    """
    refused: dict[int, History] = {}
    for repository in repositories:
        if before := refused.get(repository.host_id):
            words = f"as at {before.repository.full_name}, on the same code host {repository.host.name}."
            yield History(repository, stopped=words, cause=before.cause)
            continue
        history = read_history(repository, since, wait=wait, is_quiet=is_quiet)
        if isinstance(history.cause, _OF_THE_HOST):
            refused[repository.host_id] = history
        yield history


def read_history(
    repository: Repository, since: datetime | None, *, wait: bool, is_quiet: bool = False
) -> History:
    """Read one repository's history, with its progress on the error output.

    Args:
        repository: Whose.
        since: Leaves out what changed last before.
        wait: Whether to wait where the code host asks for it, or to end.
        is_quiet: Leaves the progress out.
    """
    history, waits = History(repository), 0
    work: Backfill | None = None
    while True:
        before = history.left
        try:
            work = work or Backfill(repository, since=since)
            _read_on(work, history, is_quiet=is_quiet)
        except ForgeError as error:
            if error.worth_retrying and wait:
                waits = waits + 1 if history.left == before else 0
                pause = error.retry_after or min(_SHORTEST_PAUSE * 2**waits, _LONGEST_PAUSE)
                typer.echo(f"{repository.full_name}: {error.message} {_again(pause)}", err=True)
                time.sleep(max(pause, 1.0))
                continue
            again = f" {_again(error.retry_after)}" if error.worth_retrying else ""
            history.stopped, history.cause = f"{error.message}{again}", error
        return history


def _read_on(work: Backfill, history: History, *, is_quiet: bool) -> None:
    if not is_quiet:
        typer.echo(f"{history.repository.full_name}: listing what changed …", err=True)
    history.left = len(work.missing())
    progress = Progress(history.repository.full_name, history.left)
    done = 0
    try:
        for each in work.read():
            done += 1
            history.left = len(work.missing())
            if each.problem:
                history.problems.append(f"#{each.number}: {each.problem}")
            else:
                history.read += 1
            if not is_quiet:
                progress.show(done)
    finally:
        progress.end()


def _again(seconds: float | None) -> str:
    if seconds is None:
        return "Run it again later."
    at = datetime.now().astimezone() + timedelta(seconds=seconds)
    return f"It goes on at {at:%H:%M:%S}."
