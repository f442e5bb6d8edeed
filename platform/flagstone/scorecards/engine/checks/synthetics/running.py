"""SY: whether a canary runs at all, on what, how often and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.policies.terraform.values import as_number, as_truth
from flagstone.scorecards.engine.canaries import Canary
from flagstone.scorecards.engine.checks.synthetics.judging import (
    NO_DATA,
    NOT_APPLICABLE,
    CanaryFindings,
    judge_canaries,
)
from flagstone.scorecards.engine.outcome import Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.synthetics import canary_runtimes
from flagstone.scorecards.engine.synthetics.canary_runtimes import Standing
from flagstone.scorecards.engine.synthetics.canary_schedules import Schedule, read_schedule

_LEAST_SECONDS = 15
_MOST_SECONDS = 840


@check(
    id="SY-01",
    name="The canary's runtime is supported",
    severity=Severity.C,
    rule="`runtime_version` is a runtime of AWS Synthetics that the list beside the check does not call deprecated "
    "today. One on a Node.js that is next to be retired is a warning; one that is newer than the list passes, "
    "with a note.",
    why="AWS refuses to make a canary with a deprecated runtime, and soon stops running the old ones: "
    "then nobody walks the money path any more.",
    remedy="Set `runtime_version` to a current one; for Node.js one on Node 22, such as "
    "syn-nodejs-puppeteer-12.0 or newer. The list of runtimes is data with a date: "
    "canary_runtimes.yaml beside the check.",
    not_applicable=NOT_APPLICABLE,
    no_data=NO_DATA,
)
def supported_runtime(service: ServiceView, _params: NoParams) -> Outcome:
    today = service.surroundings.now.date()

    def judge(canary: Canary, findings: CanaryFindings) -> None:
        value = canary.value("runtime_version")
        if value is None:
            findings.wrong("it has no runtime_version", canary.block)
        elif findings.known(value, canary.block, "runtime_version"):
            runtime = canary_runtimes.runtime(str(value), today)
            _judge_runtime(runtime, canary, findings)

    return judge_canaries(service, judge, "the runtime is supported")


def _judge_runtime(
    runtime: canary_runtimes.Runtime, canary: Canary, findings: CanaryFindings
) -> None:
    place = (canary.block, "runtime_version")
    match runtime.standing:
        case Standing.DEPRECATED:
            findings.wrong(
                f"{runtime.name} is deprecated since {runtime.since}: use {runtime.preferred} or newer",
                *place,
            )
        case Standing.NO_RUNTIME:
            known = ", ".join(canary_runtimes.families())
            findings.wrong(
                f"{runtime.name[:60]!r} is no runtime: they are called {known} and a version",
                *place,
            )
        case Standing.UNKNOWN_FAMILY:
            findings.undecided(
                f"the list of {canary_runtimes.as_of()} does not know {runtime.name}", *place
            )
        case Standing.NEXT_IN_LINE:
            findings.doubtful(
                f"{runtime.name} runs on a Node.js that is next to go: use {runtime.preferred} or newer",
                *place,
            )
        case Standing.NEWER:
            findings.notes.append(
                f"{runtime.name} is newer than the list of {canary_runtimes.as_of()}"
            )


@check(
    id="SY-03",
    name="The canary is started",
    severity=Severity.C,
    rule="`start_canary` is true; where it is left out the canary is never started.",
    why="Without `start_canary` the canary is made and never runs: it looks like a guard and is none.",
    remedy="Set `start_canary = true`.",
    not_applicable=NOT_APPLICABLE,
    no_data=NO_DATA,
)
def started(service: ServiceView, _params: NoParams) -> Outcome:
    def judge(canary: Canary, findings: CanaryFindings) -> None:
        value = canary.value("start_canary")
        if findings.known(value, canary.block, "start_canary") and as_truth(value) is not True:
            how = "is missing" if value is None else "is not true"
            findings.wrong(
                f"start_canary {how}: the canary never runs", canary.block, "start_canary"
            )

    return judge_canaries(service, judge, "the canary is started")


@dataclass(frozen=True, slots=True)
class PeriodParams:
    """How often a journey must be walked.

    Attributes:
        max_minutes: the longest time between two runs.
    """

    max_minutes: int = 5


@check(
    id="SY-05",
    name="The canary runs often enough",
    severity=Severity.M,
    rule="`schedule.expression` is rate(...) or cron(...), runs again and again, and leaves at most `max_minutes` "
    f"({PeriodParams().max_minutes}) minutes between two runs. duration_in_seconds must not end it after a "
    "time.",
    why="What is tried once an hour is broken for an hour before anybody knows.",
    remedy="Run it every five minutes or more often: `rate(1 minute)`; not `rate(0 minute)`, which "
    "runs once.",
    not_applicable=NOT_APPLICABLE,
    no_data=NO_DATA,
    params=PeriodParams,
)
def often(service: ServiceView, params: PeriodParams) -> Outcome:
    def judge(canary: Canary, findings: CanaryFindings) -> None:
        expression = canary.inner_value("schedule", "expression")
        if expression is None:
            findings.wrong("it has no schedule expression", canary.block, "schedule")
        elif findings.known(expression, canary.block, "schedule"):
            _judge_period(str(expression), params.max_minutes, canary, findings)
        duration = as_number(canary.inner_value("schedule", "duration_in_seconds"))
        if duration:
            message = f"it stops for good after {duration:g} seconds"
            findings.wrong(message, canary.block, "schedule")

    return judge_canaries(service, judge, "the canary runs often enough")


def _judge_period(expression: str, most: int, canary: Canary, findings: CanaryFindings) -> None:
    schedule = read_schedule(expression)
    place = (canary.block, "schedule")
    if schedule is None:
        findings.wrong(f"{expression[:60]!r} is neither rate(...) nor cron(...)", *place)
    elif schedule.most == 0:
        findings.wrong(f"{expression} runs it once and never again", *place)
    elif schedule.most > most:
        findings.wrong(
            f"{expression} leaves {schedule.most} minutes between two runs, more than {most}",
            *place,
        )


@check(
    id="SY-06",
    name="A run of the canary ends before the next one",
    severity=Severity.M,
    rule=f"`run_config.timeout_in_seconds`, where it is set, is between {_LEAST_SECONDS} and {_MOST_SECONDS} and not "
    "above the shortest time between two runs of the schedule. Where it is left out it is that time, which "
    "passes.",
    why="AWS refuses a timeout above the period, and one of a few seconds ends healthy runs: a cold "
    "start alone takes up to fifteen.",
    remedy="Set `run_config.timeout_in_seconds` between 15 and the period of the schedule, 840 at the "
    "most; for `rate(1 minute)` 50 leaves some slack.",
    not_applicable=NOT_APPLICABLE,
    no_data=NO_DATA,
)
def ends_in_time(service: ServiceView, _params: NoParams) -> Outcome:
    def judge(canary: Canary, findings: CanaryFindings) -> None:
        value = canary.inner_value("run_config", "timeout_in_seconds")
        if value is None:
            findings.notes.append("no timeout is set, so it is the period")
        elif findings.known(value, canary.block, "run_config"):
            _judge_timeout(value, canary, findings)

    return judge_canaries(service, judge, "a run ends in time")


def _judge_timeout(value: object, canary: Canary, findings: CanaryFindings) -> None:
    place = (canary.inner("run_config") or canary.block, "timeout_in_seconds")
    seconds = as_number(value)
    if seconds is None:
        findings.wrong("timeout_in_seconds is no number", *place)
        return
    if seconds < _LEAST_SECONDS:
        findings.wrong(f"a timeout of {seconds:g} s is shorter than a cold start", *place)
    if seconds > _MOST_SECONDS:
        findings.wrong(f"a timeout of {seconds:g} s is above the {_MOST_SECONDS} s of AWS", *place)
    period = _period_seconds(canary, findings)
    if period is None:
        return
    if seconds > period:
        findings.wrong(
            f"a timeout of {seconds:g} s is longer than the {period} s between two runs", *place
        )
    elif seconds == period:
        findings.notes.append(f"{seconds:g} s of {period} s leaves no slack")


def _period_seconds(canary: Canary, findings: CanaryFindings) -> int | None:
    """The shortest time between two runs; None where there is none (a canary that runs once)."""
    expression = canary.inner_value("schedule", "expression")
    if expression is None or not findings.known(expression, canary.block, "schedule"):
        return None
    schedule: Schedule | None = read_schedule(str(expression))
    return schedule.least * 60 if schedule and schedule.least else None
