"""Tells the past of the GitOps repository backwards: from what it is today to what it began with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from flagstone.config.demo.gitops import Render, location, paved_path, released
from flagstone.config.demo.histories import HISTORIES, History
from flagstone.config.demo.past import BEGUN, DRILLED_EVERY, FILLED, GAME_DAYS, STEPS
from flagstone.config.demo.service_folder import ServiceFolder, tell
from flagstone.config.demo.services import SERVICES
from flagstone.config.demo.vintages import made_by_hand

LOCATION = "catalog-info.yaml"
_OF_SERVICES = ("services/", "apps/", "projects/", LOCATION)
_DRILL = re.compile(rb"^last_drilled: (\d{4}-\d\d-\d\d)$", re.MULTILINE)
_BY_NAME = {service.name: service for service in SERVICES}

State = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class PastCommit:
    """What somebody pushed on a day in the past; a file that is None is deleted by it."""

    author: str  # an entity reference
    message: str
    at: datetime
    files: Mapping[str, bytes | None]


@dataclass(frozen=True, slots=True)
class _Moment:
    """A commit, and the way back from what it left to what it found."""

    days_ago: int
    author: str
    message: str
    undo: Callable[[State], State]


def past_commits(gitops: Mapping[str, bytes], render: Render, *, today: date) -> list[PastCommit]:
    """Return every commit up to today, the oldest first; after the last, the repository is as given.

    The first one has no services and is the same on each day, so that a load that was stopped after it can be
    gone on with tomorrow.

    Args:
        gitops: What `gitops_files` returned.
        render: Called once, for services that were on the paved path before something happened to them.
        today: The day of the demo.
    """
    state = dict(gitops)
    commits: list[PastCommit] = []
    for moment in sorted(_moments(gitops, render, today), key=lambda moment: moment.days_ago):
        before = moment.undo(state)
        if before != state:
            at = _at(today - timedelta(days=moment.days_ago), len(commits))
            files = _changed(before, state)
            commits.append(PastCommit(f"user:default/{moment.author}", moment.message, at, files))
        state = before
    return commits[::-1]


def first_commit(message: str, files: Mapping[str, bytes], *, today: date) -> PastCommit:
    """Return the commit of a repository that was made with the GitOps repository and never touched since."""
    return PastCommit("user:default/emeka", message, _at(today - timedelta(days=BEGUN), 0), files)


def _moments(gitops: Mapping[str, bytes], render: Render, today: date) -> list[_Moment]:
    folders = _folders_before(gitops, render, today)
    game_day = (
        "Game day\n\nWhat was drilled this week; the dates in the runbooks are those of the drills."
    )
    return [
        _Moment(BEGUN, "emeka", "Begin gitops", lambda _: {}),
        _Moment(
            FILLED,
            "emeka",
            "Bring in every service as it runs in the cluster\n\nNothing is better than before, but it is here.",
            _without_services,
        ),
        *(
            _Moment(
                ago, "jun", game_day, partial(_undrilled, since=today - timedelta(days=ago + 7))
            )
            for ago in GAME_DAYS
        ),
        *(
            _Moment(
                step.days_ago,
                step.author,
                step.message,
                partial(
                    _with_folders,
                    names=list(step.before),
                    folders=_undrilled(
                        folders[step.days_ago], since=_last_game_day(step.days_ago, today)
                    ),
                ),
            )
            for step in STEPS
        ),
    ]


def _folders_before(gitops: Mapping[str, bytes], render: Render, today: date) -> dict[int, State]:
    """Return what each step found, by its day: the files of its services."""
    wanted = [
        (step.days_ago, name, history)
        for step in STEPS
        for name, history in step.before.items()
        if history is not None
    ]
    again = [name for _, name, history in wanted if _needs_rendering(name, history)]
    rendered = dict(
        zip(again, render([paved_path(_BY_NAME[name], today) for name in again]), strict=True)
    )
    found: dict[int, State] = {step.days_ago: {} for step in STEPS}
    for days_ago, name, history in wanted:
        service, told = _BY_NAME[name], 0
        if history.origin is not None:
            folder = made_by_hand(service, history.origin, today)
        elif _needs_rendering(name, history):
            folder = released(service, rendered[name])
        else:
            folder = ServiceFolder.of(name, gitops)
            told = len(_today(name).stories)
        tell(folder, history.stories[told:])
        found[days_ago] |= folder.contents()
    return found


def _needs_rendering(name: str, history: History) -> bool:
    """Tell whether a state on the paved path cannot be told on from what the service is today."""
    today = _today(name)
    goes_on = history.stories[: len(today.stories)] == today.stories
    return history.origin is None and not (today.origin is None and goes_on)


def _today(name: str) -> History:
    return HISTORIES.get(name, History())


def _with_folders(state: State, *, names: Iterable[str], folders: State) -> State:
    own = {path for name in names for path in ServiceFolder.of(name, state).files}
    kept = {path: data for path, data in state.items() if path not in own} | folders
    return kept | {LOCATION: location(kept).encode()}


def _without_services(state: State) -> State:
    return {path: data for path, data in state.items() if not path.startswith(_OF_SERVICES)}


def _undrilled(state: State, *, since: date) -> State:
    """Put the drills since a day back to those before them."""

    def earlier(found: re.Match[bytes]) -> bytes:
        day = date.fromisoformat(found[1].decode())
        if day <= since:
            return found[0]
        return f"last_drilled: {day - timedelta(days=DRILLED_EVERY)}".encode()

    return {
        path: _DRILL.sub(earlier, data) if path.endswith("/runbook.md") else data
        for path, data in state.items()
    }


def _last_game_day(days_ago: int, today: date) -> date:
    """Return the latest game day before a step, or the day on which the services came."""
    return today - timedelta(days=min((ago for ago in GAME_DAYS if ago > days_ago), default=FILLED))


def _changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> dict[str, bytes | None]:
    gone = dict.fromkeys(path for path in before if path not in after)
    return gone | {path: data for path, data in after.items() if before.get(path) != data}


def _at(day: date, number: int) -> datetime:
    """Some time in the working hours of a day."""
    return datetime.combine(day, time(9 + number * 3 % 8, number * 17 % 60), tzinfo=UTC)
