"""CI-01, CI-02: a change stays small, and not everybody may say that it need not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flagstone.scorecards.engine.ci.change_size import SizeGate, size_gates
from flagstone.scorecards.engine.ci.github import CHANGE_EVENTS
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
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity, State
from flagstone.scorecards.engine.subjects.artefacts import workflows

NO_CI = "no CI definition is in view"
_EACH_COMMIT = ("opened", "synchronize")


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
    why="A big change is read badly, fails more often and is hard to take back; what only a label "
    "says is merged all the same. Measured by two dots, other people's commits count as the author's.",
    remedy="Run, on every pull request, `git diff --numstat BASE...HEAD` (three dots, after a checkout "
    "with fetch-depth: 0), add up both columns, and exit 1 at 200 lines; make that job a required check.",
    not_applicable="No CI definition is in view, and what is in view is not a whole repository.",
    no_data="What measures the size is in another repository, or CI is not GitHub's or GitLab's. "
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
        return found.verdict("", nothing="")
    unseen = next(ci.unseen(ci.changes), "")
    if unseen:
        return no_data(f"nothing in view measures the size of a change; {unseen} may")
    if ci.unread:
        return no_data(f"{ci.unread[0].file.path} cannot be read: {ci.unread[0].file.problem}")
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
    for event in CHANGE_EVENTS & pipeline.triggers.keys():
        types = _list_of(pipeline.triggers[event], "types")
        if event != "merge_group" and types:
            missed = [kind for kind in _EACH_COMMIT if kind not in types]
            if missed:
                return f"it does not run on {missed[0]}: add that to `types`"
    if gate.fails_from is not None and gate.fails_from > params.max_lines + 1:
        return f"it stops a change from {gate.fails_from} lines on, not from {params.max_lines}"
    return ""


def _nearly(gate: SizeGate, pipeline: Pipeline, params: SizeParams) -> str:
    if gate.fails_from == params.max_lines + 1:
        return f"it lets a change of exactly {params.max_lines} lines pass: compare with -ge"
    for event in CHANGE_EVENTS & pipeline.triggers.keys():
        for key in ("paths", "paths-ignore"):
            if _list_of(pipeline.triggers[event], key):
                return f"`{key}` keeps it from measuring changes of other files"
    return ""


def _list_of(event: object, key: str) -> list[str]:
    value = event.get(key) if isinstance(event, dict) else None
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


_LABEL = re.compile(
    r"contains\(\s*[^,']{0,200}labels[^,']{0,200},\s*'([^']{1,100})'"
    r"|LABELS\b[^\n]{0,80}?(?:==|=~|grep\b[^\n\w]{0,20})[^\n\w]{0,10}([\w:./-]{1,60})"
    r"|labels?\b[^\n]{0,80}?(?:===?|includes\()\s*[\"']([\w:./ -]{1,60})[\"']"
)
_LABELS = re.compile(r"\blabels?\b|[A-Z_]*LABELS\b")
_OWN_WORDS = re.compile(
    r"(?:contains|startsWith|endsWith)\(\s*(github\.head_ref|github\.event\.pull_request\."
    r"(?:title|body|head\.ref)|github\.event\.head_commit\.message)\s*,\s*'([^']{1,100})'",
    re.IGNORECASE,
)
_ROLLBACK = re.compile(r"roll[\s_-]?back|revert", re.IGNORECASE)


@check(
    id="CI-02",
    name="Not everybody may skip the size gate",
    severity=Severity.M,
    why="An exemption that the author of a change gives to himself is no gate; after a month every "
    "big change has the label.",
    remedy="Let only a rollback through, or put owners on the workflow (and its script) in CODEOWNERS, "
    "so that whoever guards the gate also decides about the label.",
    not_applicable="Nothing measures the size of a change (CI-01).",
    no_data="A label exempts, and CODEOWNERS is not among the files.",
)
def exemptions(service: ServiceView, params: NoParams) -> Outcome:
    return service.ci.once("CI-02", params, _exemptions)


def _exemptions(ci: Ci) -> Outcome:
    found = Findings()
    for pipeline in ci.pipelines:
        for gate in size_gates(pipeline.jobs):
            found.judged += 1
            _judge_exemptions(ci, gate, found)
    return found.verdict(
        "nobody exempts himself from the size gate",
        nothing="nothing measures the size of a change (CI-01)" if ci.pipelines else NO_CI,
    )


def _judge_exemptions(ci: Ci, gate: SizeGate, found: Findings) -> None:
    words = gate.step.words
    for context, start in _OWN_WORDS.findall(words):
        if not _ROLLBACK.search(start):
            message = f"whoever writes {start!r} into {context.rpartition('.')[2]} skips the gate"
            found.faults.append(gate.step.fault(message))
            return
    labels = list(_exempting_labels(words))
    if not labels:
        return
    guarded = [gate.job.file.path]
    guarded += [script.path for script in gate.step.scripts if "#" not in script.path]
    owners = ci.codeowners
    bare = [path for path in guarded if not (owners and owners.covers(ci.within(path)))]
    if not bare:
        return
    message = f"the label {labels[0]} exempts, and {bare[0]} has no owner in CODEOWNERS"
    if owners is None and not ci.snapshot.whole:
        found.unknown.append(
            gate.step.fault(f"the label {labels[0]} exempts, and no CODEOWNERS is in view")
        )
    else:
        found.faults.append(gate.step.fault(message))


def _exempting_labels(words: str) -> Iterator[str]:
    """The labels that are no rollback; one without a name where it cannot be told which."""
    names = [next(filter(None, groups)) for groups in _LABEL.findall(words)]
    yield from (repr(name) for name in names if not _ROLLBACK.search(name))
    if not names and _LABELS.search(words):
        yield "of a list"
