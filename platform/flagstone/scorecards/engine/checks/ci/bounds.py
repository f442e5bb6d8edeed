"""CI-07: no job runs for hours, and none for a commit that nobody waits for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flagstone.policies.manifests.objects import mapping
from flagstone.scorecards.engine.checks.ci.sizes import NO_CI
from flagstone.scorecards.engine.ci.conditions import CHANGE_EVENTS
from flagstone.scorecards.engine.ci.pipelines import Pipeline, is_set
from flagstone.scorecards.engine.ci.repository import Ci
from flagstone.scorecards.engine.outcome import Fault, Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.yaml_files import text_of

_EXPRESSION = re.compile(r"\$\{\{.{1,500}?\}\}", re.DOTALL)
_OF_A_CHANGE = re.compile(
    r"github\.(?:ref|head_ref|ref_name|sha|run_id)|github\.event\.|inputs\.", re.IGNORECASE
)


_OF_A_RUN = re.compile(
    r"github\.(?:sha|run_id|run_number)|github\.event\.(?:after|pull_request\.head\.sha)",
    re.IGNORECASE,
)
_LASTS = re.compile(
    r"github\.(?:ref|head_ref|ref_name)\b|\.(?:number|ref)\b|inputs\.", re.IGNORECASE
)


@check(
    id="CI-07",
    name="Jobs of CI end in time, and give way to newer commits",
    severity=Severity.L,
    rule="On GitHub each job that calls no other workflow has a `timeout-minutes` above 0, and a workflow that runs "
    "on pull requests has `concurrency`, as a whole or at each job, with cancel-in-progress and a group that "
    "is another for each pull request and the same for all its commits. On GitLab each job that triggers no "
    "other pipeline has `timeout`, and `interruptible: true` if it runs for merge requests.",
    why="A job that hangs holds a runner for six hours; jobs of outdated commits let everybody wait.",
    remedy="Set `timeout-minutes` on every job; for pull requests set `concurrency` with a group per pull "
    "request and `cancel-in-progress: true`. On GitLab: `timeout` and `interruptible: true`.",
    not_applicable="No CI definition is in view.",
    no_data="A definition cannot be read, or includes jobs of another repository: mend the one where the message "
    "says, and score the other where it is kept.",
)
def bounded(service: ServiceView, params: NoParams) -> Outcome:
    return service.ci.once("CI-07", params, _bounded)


def _bounded(ci: Ci) -> Outcome:
    found = Findings()
    for pipeline in ci.read(ci.pipelines, found):
        if pipeline.host == "github":
            found.faults += [*_endless(pipeline), *_in_the_way(pipeline)]
        elif pipeline.unseen:
            found.unknown += _of_gitlab(pipeline)
        else:
            found.faults += _of_gitlab(pipeline)
    return found.verdict("every job ends in time", nothing=NO_CI)


def _endless(pipeline: Pipeline) -> Iterator[Fault]:
    for job in pipeline.own_jobs:
        if "uses" in job.raw:
            continue  # the jobs of the workflow that it calls have their own
        minutes = job.raw.get("timeout-minutes")
        if minutes is None:
            yield job.fault(f"{job.name} has no timeout-minutes: GitHub ends it after six hours")
        elif not _is_time(minutes):
            message = f"timeout-minutes of {job.name} is {text_of(minutes)!r}, no number of minutes"
            yield job.fault(message, "timeout-minutes")


def _is_time(value: Any) -> bool:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value > 0
    return isinstance(value, str) and "${{" in value


def _in_the_way(pipeline: Pipeline) -> Iterator[Fault]:
    """What is wrong with how the jobs of an outdated commit end; of pull requests only."""
    if CHANGE_EVENTS.isdisjoint(pipeline.triggers):
        return
    file = pipeline.file
    if "concurrency" in file.value:
        if problem := _group_problem(file.value["concurrency"]):
            yield file.fault(problem, "concurrency")
        return
    for job in pipeline.own_jobs:
        if "concurrency" not in job.raw:
            yield file.fault("no concurrency: jobs of outdated commits run to their end", "on")
            return
        if problem := _group_problem(job.raw["concurrency"]):
            yield job.fault(problem, "concurrency")


def _group_problem(concurrency: Any) -> str:
    settings: Mapping[str, Any] = mapping(concurrency)
    cancel = text_of(settings.get("cancel-in-progress", False))
    if not is_set(cancel) and ("${{" not in cancel or cancel.strip("${} ") == "false"):
        return "concurrency without cancel-in-progress: jobs of outdated commits wait in line"
    group = text_of(settings.get("group"))
    parts = _EXPRESSION.findall(group)
    if not any(_OF_A_CHANGE.search(part) for part in parts):
        return f"the group {group!r} is one for all: a pull request cancels the jobs of another"
    if all(
        _OF_A_RUN.search(part) and not _LASTS.search(part)
        for part in parts
        if _OF_A_CHANGE.search(part)
    ):
        return f"the group {group!r} is one for each run: no newer commit cancels anything"
    return ""


def _of_gitlab(pipeline: Pipeline) -> Iterator[Fault]:
    for job in pipeline.jobs:
        if "trigger" in job.raw:
            continue
        if job.raw.get("timeout") is None:
            yield job.fault(f"{job.name} has no timeout")
        if job.on_change and job.raw.get("interruptible") is not True:
            yield job.fault(f"{job.name} is not interruptible: it runs on for outdated commits")
