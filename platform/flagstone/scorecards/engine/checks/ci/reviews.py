"""CI-03, CI-08: a change does not wait for its review, and a branch does not grow old."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flagstone.scorecards.engine.checks.ci.sizes import NO_CI
from flagstone.scorecards.engine.ci.comparisons import can_fail, comparisons
from flagstone.scorecards.engine.ci.consequences import Stopped, stopped
from flagstone.scorecards.engine.ci.pipelines import Job, Step
from flagstone.scorecards.engine.ci.repository import Ci
from flagstone.scorecards.engine.outcome import (
    Fault,
    Outcome,
    failed,
    no_data,
    not_applicable,
    passed,
)
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity, State

_REVIEW = re.compile(r"review|approv|\bnotes\b", re.IGNORECASE)
_GIVES_REVIEW = re.compile(r"\bgh\s+pr\s+review\b[^\n;|&]*|\bcreateReview\b|--auto\b")
_CHANGES = re.compile(
    r"\bgh\s+(?:pr|api|search\s+prs)\b|\bpulls\b|pull[-_ ]?requests?|merge_requests", re.IGNORECASE
)
_REMINDER = re.compile(
    r"(?:review|pr|pull-?request)s?[-_]?(?:\w+[-_])?(?:remind|sla|nag|alert|stale|promise)"
    r"|(?:remind|nag)\w*[-_](?:\w+[-_])?(?:review|pr\b|pull-?request)",
    re.IGNORECASE,
)
_BOTS = (
    *(".mergify.yml", ".mergify/config.yml", ".github/mergify.yml", ".pullapprove.yml"),
    *(".cm/gitstream.cm", ".github/reminders.yml", ".github/pull-reminders.yml"),
)
_WAITING = re.compile(r"\b(?:ago|hours?|days?)\b", re.IGNORECASE)


@check(
    id="CI-03",
    name="Somebody is told when a review is overdue",
    severity=Severity.M,
    rule="A job that runs by `schedule` has a step that speaks of reviews and of pull requests, or uses an action "
    "that reminds of them; or the repository sets up a bot with a time for reviews in one of "
    f"{', '.join(_BOTS)}. After how many hours somebody is told is not judged.",
    why="A change that waits for days for its first look grows, conflicts, and is merged in a hurry.",
    remedy="Run a job by `schedule` that labels or reports pull requests without a review after 24 "
    "hours, or use a bot that does.",
    not_applicable="No CI definition is in view.",
    no_data="A definition cannot be read, or uses what is in another repository. On GitLab schedules are a "
    'setting of the project: let a job with `rules: [if: $CI_PIPELINE_SOURCE == "schedule"]` look.',
)
def promised(service: ServiceView, params: NoParams) -> Outcome:
    return service.ci.once("CI-03", params, _promised)


def _promised(ci: Ci) -> Outcome:
    if not ci.pipelines:
        return not_applicable(NO_CI)
    for job in ci.scheduled:
        if any(_looks_at_reviews(step) for step in job.steps if job.runs_by_clock(step)):
            return passed(f"{job.name} in {job.file.path} looks for overdue reviews")
    if bot := _bot(ci):
        return passed(f"{bot} sets up a bot for overdue reviews")
    if unseen := next(ci.unseen(ci.scheduled), ""):
        return no_data(f"nothing in view looks for overdue reviews; {unseen} may")
    if ci.unread:
        return no_data(ci.why_unread)
    if not ci.github:
        return no_data("nothing in the pipeline looks for overdue reviews; GitLab may be set to")
    return failed(ci.github[0].file.fault("nothing looks for reviews that are overdue", "on"))


def _looks_at_reviews(step: Step) -> bool:
    if _REMINDER.search(step.action):
        return True
    program = _GIVES_REVIEW.sub("", step.program)
    return bool(_REVIEW.search(program) and _CHANGES.search(program))


def _bot(ci: Ci) -> str:
    for name in _BOTS:
        path = f"{ci.folder}/{name}" if ci.folder else name
        text = ci.snapshot.read_text(path) if ci.snapshot.exists(path) else None
        if text and _REVIEW.search(text) and _WAITING.search(text):
            return path
    return ""


@dataclass(frozen=True, slots=True)
class AgeParams:
    """How old a branch may become.

    Attributes:
        fail_hours: the age at which CI must fail.
    """

    fail_hours: int = 72


_COMMIT_DATE = re.compile(
    r"%[ca][tiIsr]\b|committerdate|authordate|(?:committer|author)\.date|committedDate|authoredDate"
)
_AGE = re.compile(r"\bage\b|hours?\b|days?\b|\b(?:3600|86400)\b|%s\b", re.IGNORECASE)
_AGE_WORD = re.compile(r"hour|day|age|second|old|elapsed", re.IGNORECASE)
_STALE_BRANCHES = re.compile(r"(?:stale|old)[-_]branch|branch[-_](?:age|cleanup)")
_STEP_LIMIT = 2  # smaller numbers count arguments


@check(
    id="CI-08",
    name="CI says when a branch grows old",
    severity=Severity.L,
    rule="A step that runs for every pull request or by schedule takes the time of a commit and works out an age, "
    f"or uses an action for stale branches. It must fail at `fail_hours` ({AgeParams().fail_hours}) hours at "
    "the latest, with an hour of grace; one that never fails is a warning, and a limit that cannot be read "
    "from it is taken as it is.",
    why="Trunk-based means days, not weeks: what lives long on a branch meets the others' work late.",
    remedy="On every pull request take the time of the first commit (`git log --reverse --format=%ct "
    "BASE..HEAD`): warn after 24 hours, fail after 72. A branch that has to live long gets a waiver.",
    not_applicable="No CI definition is in view.",
    no_data="What runs for a pull request is in another repository, or cannot be read: keep the job that looks at "
    "branches in this repository, and mend what cannot be read.",
    params=AgeParams,
)
def branch_age(service: ServiceView, params: AgeParams) -> Outcome:
    return service.ci.once("CI-08", params, lambda ci: _branch_age(ci, params))


def _branch_age(ci: Ci, params: AgeParams) -> Outcome:
    if not ci.pipelines:
        return not_applicable(NO_CI)
    jobs = [*ci.changes, *ci.scheduled]
    problems: list[tuple[State, Fault]] = []
    for job in jobs:
        for step in job.steps:
            if _STALE_BRANCHES.search(step.action):
                return passed(f"{job.name} in {job.file.path} looks for old branches")
            runs = job.runs_for_change(step) or job.runs_by_clock(step)
            if runs and _COMMIT_DATE.search(step.program) and _AGE.search(step.program):
                state, message = _judge_age(job, step, params)
                if state is State.PASS:
                    return passed(f"{job.name} in {job.file.path} watches the age of a branch")
                problems.append((state, step.fault(message)))
    if problems:
        state, fault = min(problems, key=lambda found: found[0] is not State.WARN)
        return Outcome(state, fault.message, (fault,))
    if unseen := next(ci.unseen(jobs), ""):
        return no_data(f"nothing in view watches the age of a branch; {unseen} may")
    if ci.unread:
        return no_data(ci.why_unread)
    first = jobs[0].file if jobs else ci.pipelines[0].file
    return failed(first.fault("nothing says when a branch grows old", "on"))


def _judge_age(job: Job, step: Step, params: AgeParams) -> tuple[State, str]:
    program = step.program
    found = [
        one
        for one in comparisons(program, step.env)
        if one.reached_from is not None and one.reached_from >= _STEP_LIMIT
    ]
    found = [one for one in found if _AGE_WORD.search(one.left)] or found
    ends = stopped(program, found)
    fails = bool(ends) if found else can_fail(program)
    if job.tolerated or step.tolerated or not fails:
        return State.WARN, "it says how old a branch is but never fails"
    limit = _fails_from_hours(program, ends)
    if limit is not None and limit > params.fail_hours + 1:
        return State.FAIL, f"it fails after {limit} hours, not after {params.fail_hours}"
    return State.PASS, ""


def _fails_from_hours(program: str, ends: Stopped) -> int | None:
    in_days = "86400" in program or re.search(r"3600\s*\*\s*24|24\s*\*\s*3600", program)
    choose = min if ends.exact else max
    hours = [
        _hours(one.reached_from or 0, in_days=bool(in_days)) for one in ends.exact or ends.near
    ]
    return choose(hours, default=None)


def _hours(number: int, *, in_days: bool) -> int:
    if number >= 3600:
        return number // 3600
    return number * 24 if in_days else number
