"""Where a branch stood on past days, by its own line of commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from flagstone.forge.errors import GitFailed, HistoryMissing
from flagstone.forge.git.command import Git

_MOST_OWN_COMMITS = 10_000
# of the year 9999: commits may carry any number
_LAST_SECOND = 253_402_300_799


def commits_at(git: Git, head: str, days: Sequence[date], *, name: str) -> dict[date, str]:
    """Return the commit that a branch stood at at the end of each day (UTC).

    Only first parents count: what was committed on a side branch stood on this one from its merge on. A commit's
    day is its committer's, because that of its author stays as it was when a commit is made anew.

    Args:
        git: Standing where the commits can be read.
        head: Where the branch stands now.
        days: In any order; a day before the first commit is missing from the answer.
        name: What people call the repository.

    Raises:
        HistoryMissing: Older commits are not there: the repository is a shallow copy, or damaged.
    """
    try:
        done = git.run("log", "--first-parent", "--format=%H %ct", head)
    except GitFailed as error:
        raise HistoryMissing(
            f"The history of {name} is not all there: {error.message}. "
            "Fetch the whole repository (a shallow copy has no past), then try again.",
            repository=name,
        ) from error
    line = [
        (sha, int(at))
        for sha, _, at in (row.partition(" ") for row in done.stdout.decode().splitlines())
    ]
    found = {}
    for day in days:
        end = _end_of(day)
        # the newest first: clocks differ, so a commit may be older than its parent
        if sha := next((sha for sha, at in line if at < end), None):
            found[day] = sha
    return found


def began_at(git: Git, base: str, head: str) -> datetime | None:
    """Return when the oldest own commit of a branch was written; None where there is none with a date.

    Merges are left out: they are no work of the branch. The author's date counts, which stays when commits are made
    anew on a base that moved.

    Raises:
        GitFailed: A commit is missing.
    """
    done = git.run(
        "log", "--no-merges", f"--max-count={_MOST_OWN_COMMITS}", "--format=%at", f"{base}..{head}"
    )
    seconds = [int(line) for line in done.stdout.decode().split() if line.isdigit()]
    dated = [each for each in seconds if 0 < each < _LAST_SECOND]
    return datetime.fromtimestamp(min(dated), UTC) if dated else None


def _end_of(day: date) -> float:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC).timestamp()
