"""CI-01: a change stays small."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.scorecards.engine.ci.branches import misses_main
from flagstone.scorecards.engine.ci.change_size import SizeGate, size_gates
from flagstone.scorecards.engine.ci.conditions import CHANGE_EVENTS, listed, missed_types
from flagstone.scorecards.engine.ci.pipelines import Pipeline
from flagstone.scorecards.engine.ci.repository import Ci, other_ci
from flagstone.scorecards.engine.outcome import (
    Fault,
    Findings,
    Outcome,
    failed,
    no_data,
    not_applicable,
    passed,
)
from flagstone.scorecards.engine.registry import check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity, State
from flagstone.scorecards.engine.subjects.artefacts import workflows

NO_CI = "no CI definition is in view"


@dataclass(frozen=True, slots=True)
class SizeParams:
    """How big a change may be.

    Attributes:
        max_lines: the number of added and deleted lines at which CI must fail.
    """

    max_lines: int = 200


@check(
    id="CI-01",
    name="CI stops a change that is too big",
    severity=Severity.H,
    rule="Some step that runs at each commit of every pull request compares the changed lines, by `git diff` "
    "against the merge base (three dots, full history) or as the host counts them, with a limit, and fails "
    f"from `max_lines` ({SizeParams().max_lines}) on. What is tolerated when it fails, or only sets a label, "
    "does not count. A limit one line higher, a count of added or deleted lines only, and a filter by paths or "
    "by branches that leaves out main are warnings; a limit that is no number in the file is taken as it is.",
    why="A big change is read badly, fails more often and is hard to take back; what only a label "
    "says is merged all the same. Measured by two dots, other people's commits count as the author's.",
    remedy="Run, on every pull request, `git diff --numstat BASE...HEAD` (three dots, after a checkout "
    "with fetch-depth: 0), add up both columns, and exit 1 at 200 lines; make that job a required check.",
    not_applicable="No CI definition is in view, and what is in view is not a whole repository.",
    no_data="What measures the size is in another repository, a definition cannot be read, or CI is not "
    "GitHub's or GitLab's: keep the job that measures in this repository, and mend what cannot be read. "
    "Whether the job is a required one is a setting of the host and is not judged.",
    params=SizeParams,
)
def measured(service: ServiceView, params: SizeParams) -> Outcome:
    if not service.ci.pipelines:
        return _without_ci(service)
    return service.ci.once("CI-01", params, lambda ci: _measured(ci, params))


def _without_ci(service: ServiceView) -> Outcome:
    snapshot = service.index.snapshot
    if not snapshot.whole or not (service.workloads or service.component):
        return not_applicable(NO_CI)
    if any(workflows(snapshot)):
        return not_applicable("CI is judged under a name of its own", certain=True)
    if other := other_ci(snapshot):
        return no_data(f"{other} is of a CI that cannot be read here")
    message = "nothing runs before a change is merged: the repository has no CI definition"
    return failed(Fault(message, path=".github/workflows"))


def _measured(ci: Ci, params: SizeParams) -> Outcome:
    found = Findings()
    for pipeline in ci.pipelines:
        for gate in size_gates(pipeline.jobs):
            if _judge(gate, pipeline, params, found):
                return passed(f"{gate.job.name} in {gate.job.file.path} stops a big change")
    if found.close:
        return Outcome(State.WARN, found.close[0].message, tuple(found.close))
    if found.faults or found.unknown:
        places = {(fault.path, fault.line): fault for fault in reversed(found.faults)}
        found.faults = list(reversed(places.values()))
        return found.verdict("", nothing="")
    unseen = next(ci.unseen(ci.changes), "")
    if unseen:
        return no_data(f"nothing in view measures the size of a change; {unseen} may")
    if ci.unread:
        return no_data(ci.why_unread)
    first = ci.changes[0].file if ci.changes else ci.pipelines[0].file
    return failed(first.fault("nothing measures the size of a change", "on"))


def _judge(gate: SizeGate, pipeline: Pipeline, params: SizeParams, found: Findings) -> bool:
    """Whether it is a gate as it should be; else say what is wrong with it."""
    if gate.unknown:
        found.unknown.append(gate.step.fault(gate.unknown))
    elif problem := _problem(gate, pipeline, params):
        found.faults.append(gate.step.fault(problem))
    elif close := _nearly(gate, pipeline, params):
        found.close.append(gate.step.fault(close))
    else:
        return True
    return False


def _problem(gate: SizeGate, pipeline: Pipeline, params: SizeParams) -> str:
    if gate.problem:
        return gate.problem
    if not gate.job.on_change:
        return "it measures the change, but not on pull requests"
    for event in CHANGE_EVENTS & pipeline.triggers.keys() - {"merge_group"}:
        if missed := missed_types(pipeline.triggers[event]):
            return f"it does not run on {missed[0]}: add that to `types`"
    if not gate.job.runs_for_change(gate.step):
        return "its `if` keeps it from running at each commit of a plain pull request"
    if gate.fails_from is not None and gate.fails_from > params.max_lines + 1:
        return f"it stops a change from {gate.fails_from} lines on, not from {params.max_lines}"
    return ""


def _nearly(gate: SizeGate, pipeline: Pipeline, params: SizeParams) -> str:
    if gate.fails_from == params.max_lines + 1:
        return f"it lets a change of exactly {params.max_lines} lines pass: compare with -ge"
    if gate.weakness:
        return gate.weakness
    for event in CHANGE_EVENTS & pipeline.triggers.keys():
        if missed := misses_main(pipeline.triggers[event]):
            return f"it does not run for pull requests to the main branch: {missed}"
        for key in ("paths", "paths-ignore"):
            if listed(pipeline.triggers[event], key):
                return f"`{key}` keeps it from measuring changes of other files"
    return ""
