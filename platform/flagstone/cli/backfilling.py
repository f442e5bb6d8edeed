"""What `flagstone forge backfill` does and says; it needs Django set up."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import typer

from flagstone.core.errors import NotFound
from flagstone.forge.errors import ForgeError
from flagstone.forge.models import Repository
from flagstone.forge.pipeline import Backfill

READ, PROBLEMS, STOPPED = 0, 1, 3
_EVERY = 50
_SHORTEST_PAUSE = 5.0


@dataclass
class History:
    """How far the history of one repository was read."""

    repository: Repository
    read: int = 0
    left: int | None = None
    problems: list[str] = field(default_factory=list)
    stopped: str = ""

    @property
    def ending(self) -> int:
        if self.stopped:
            return STOPPED
        return PROBLEMS if self.problems else READ

    def as_json(self) -> str:
        return json.dumps(
            {
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
        NotFound: One is not registered, or could not be read when last tried.
    """
    known = Repository.objects.ready().select_related("host")
    if host:
        known = known.filter(host__name=host)
    found = [] if names else list(known)
    for name in names:
        rows = list(known.named(name))
        if not rows:
            where = f" on {host}" if host else ""
            raise NotFound(
                f"No repository {name}{where} is registered and readable. Register it in the admin first."
            )
        found += rows
    return found


def read_history(repository: Repository, since: datetime | None, *, wait: bool) -> History:
    """Read one repository's history, with its progress on the error output.

    Args:
        repository: Whose.
        since: Leaves out what changed last before.
        wait: Whether to wait where the code host asks for it, or to end.
    """
    work, history = Backfill(repository, since=since), History(repository)
    while True:
        try:
            _read_on(work, history)
        except ForgeError as error:
            if error.retryable and wait:
                pause = max(error.retry_after or 0.0, _SHORTEST_PAUSE)
                typer.echo(f"{repository.full_name}: waiting. {_again(pause)}", err=True)
                time.sleep(pause)
                continue
            history.stopped = f"{error.message} {_again(error.retry_after)}"
        return history


def _read_on(work: Backfill, history: History) -> None:
    history.left = len(work.missing())
    total = history.read + history.left
    for each in work.read():
        history.read += 1
        history.left = len(work.missing())
        if each.problem:
            history.problems.append(f"#{each.number}: {each.problem}")
        if history.read % _EVERY == 0 or history.left == 0:
            typer.echo(f"{history.repository.full_name}: {history.read} of {total}", err=True)


def _again(seconds: float | None) -> str:
    if seconds is None:
        return "Run it again later."
    at = datetime.now().astimezone() + timedelta(seconds=seconds)
    return f"It goes on at {at:%H:%M:%S}."
