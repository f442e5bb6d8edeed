"""CI-04: what a workflow may do, and whose code runs with that right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from flagstone.policies.manifests.objects import dig, mapping
from flagstone.scorecards.engine.checks.ci.sizes import NO_CI
from flagstone.scorecards.engine.ci.pipelines import Job, Pipeline, Step
from flagstone.scorecards.engine.ci.repository import Ci
from flagstone.scorecards.engine.outcome import Fault, Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.yaml_files import text_of

_BROAD = ("contents", "packages", "actions", "deployments")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.IGNORECASE)
_TAG = re.compile(r"(?:[\w.-]*[-_/])?[vV]?\d+(?:\.\d+)*(?:[-+.]\w+)*")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_USES_CREDENTIALS = re.compile(r"\bgit\b[^\n;|&]{0,200}?\b(?:push|fetch|pull|submodule|lfs)\b")
_PUSHING_ACTIONS = re.compile(
    r"create-pull-request|git-auto-commit|github-push|add-and-commit|gh-pages|semantic-release|"
    r"release-please|release-action|changesets|chart-releaser|publish-action"
)
_HEAD = re.compile(
    r"github\.event\.pull_request\.head\b|github\.head_ref|refs/pull/|pull_request\.merge_commit",
    re.IGNORECASE,
)
_CHECKS_HEAD_OUT = re.compile(
    r"\bgh\s+pr\s+checkout\b|\bgit\b[^\n;|&]{0,200}?\b(?:checkout|fetch|pull|switch|reset|merge)\b"
    r"[^\n;|&]{0,200}?(?:\bpull/|github\.head_ref|pull_request\.head)"
)
_ENV = re.compile(r"\$\{\{\s*env\.([\w-]+)\s*\}\}|\$\{?(\w+)\}?")
_OUTPUT = re.compile(r"\bsteps\.([\w-]+)\.outputs\.")
_INDEX = re.compile(r"\[\s*'([\w-]+)'\s*\]")
_NOT_FOR_TARGET = re.compile(
    r"event_name\s*(?:!=\s*'pull_request_target'|==\s*'(?!pull_request_target)\w+')"
)


class _MakesFault(Protocol):
    """Of a file, a job or a step: a fault at a place in it."""

    def __call__(self, message: str, *keys: str | int) -> Fault: ...


@check(
    id="CI-04",
    name="Workflows have few rights and run known code",
    severity=Severity.H,
    rule="In each GitHub workflow `permissions` are set for the whole or for every job, not as write-all, and the "
    f"whole may not write {', '.join(_BROAD[:-1])} or {_BROAD[-1]}; read-all is a warning. Actions and images "
    "are pinned to a commit or digest: a tag is a warning of low severity, a branch or no version fails. "
    "actions/checkout keeps no credentials where no step of the job pushes or fetches, and no step under "
    "pull_request_target takes the head of the pull request, unless its `if` leaves that event out.",
    why="A workflow's token can push to the repository. An action that is named by a branch becomes "
    "somebody else's code overnight; a checkout of a stranger's head under pull_request_target runs it "
    "with the repository's secrets.",
    remedy="Set `permissions: {contents: read}` for the workflow and give a job what it needs; pin "
    "actions to a commit (`uses: owner/action@<40 hex digits> # v1.2.3`); set `persist-credentials: false` "
    "at actions/checkout unless the job pushes; use pull_request, not pull_request_target, for code.",
    not_applicable="No GitHub workflow is in view.",
    no_data="A workflow cannot be read: mend it where the message says.",
)
def least(service: ServiceView, params: NoParams) -> Outcome:
    return service.ci.once("CI-04", params, _least)


def _least(ci: Ci) -> Outcome:
    found = Findings()
    for pipeline in ci.read(ci.github, found):
        _judge_permissions(pipeline, found)
        for job in pipeline.jobs:
            _judge_pins(job, found)
            found.faults += _kept_credentials(job)
            found.faults += _strangers_code(job)
    found.close = list(dict.fromkeys(found.close))
    found.faults = list(dict.fromkeys(found.faults))
    if found.faults:
        found.faults += found.close  # whoever mends the workflow mends all of it
    nothing = "no GitHub workflow is in view" if ci.pipelines else NO_CI
    return found.verdict("every workflow has few rights and known actions", nothing=nothing)


def _judge_permissions(pipeline: Pipeline, found: Findings) -> None:
    file = pipeline.file
    given = file.value.get("permissions")
    jobs = mapping(file.value.get("jobs"))
    inherited = pipeline.triggers.keys() == {"workflow_call"}
    if given is None and not inherited:
        bare = [name for name, job in jobs.items() if mapping(job).get("permissions") is None]
        if bare:
            message = f"no permissions: {bare[0]} gets whatever the repository grants by default"
            found.faults.append(file.fault(message, "jobs", bare[0]))
    if text := text_of(given):
        _judge_whole(text, file.fault, found)
    for scope in _BROAD:
        if mapping(given).get(scope) == "write":
            message = f"every job may write {scope}: give that to the job that needs it"
            found.faults.append(file.fault(message, "permissions", scope))
    for job in pipeline.own_jobs:
        if text := text_of(job.raw.get("permissions")):
            _judge_whole(text, job.fault, found)


def _judge_whole(text: str, fault: _MakesFault, found: Findings) -> None:
    if text == "read-all":
        found.close.append(fault("it may read everything: name what it reads", "permissions"))
    else:
        found.faults.append(fault(f"permissions: {text} is more than it needs", "permissions"))


def _judge_pins(job: Job, found: Findings) -> None:
    for uses, fault in _used(job):
        problem, is_tag = _pin_problem(uses)
        if problem:
            if is_tag:
                found.close.append(replace(fault(problem, "uses"), severity=Severity.L))
            else:
                found.faults.append(fault(problem, "uses"))


def _used(job: Job) -> Iterator[tuple[str, _MakesFault]]:
    if uses := text_of(job.raw.get("uses")):
        yield uses, job.fault
    for step in job.steps:
        if step.uses:
            yield step.uses, step.fault


def _pin_problem(uses: str) -> tuple[str, bool]:
    """What is wrong with how an action is named, and whether that is only that a tag can move."""
    if uses.startswith(("./", "../")) or "${{" in uses:
        return "", False
    if uses.startswith("docker://"):
        if _DIGEST.search(uses):
            return "", False
        tag = uses.removeprefix("docker://").rpartition("/")[2].partition(":")[2]
        tagged = tag not in {"", "latest"}
        return f"{uses} is not pinned to a digest", tagged
    name, _, version = uses.partition("@")
    if _SHA.fullmatch(version):
        return "", False
    if not version:
        return f"{name} has no version", False
    if _TAG.fullmatch(version):
        return f"{uses} is pinned to a tag, which can be moved: pin it to a commit", True
    return f"{uses} follows a branch: pin it to a commit", False


def _kept_credentials(job: Job) -> Iterator[Fault]:
    programs = "\n".join(step.program for step in job.steps)
    if _USES_CREDENTIALS.search(programs) or any(
        _PUSHING_ACTIONS.search(step.action) for step in job.steps
    ):
        return
    for step in job.steps:
        kept = step.options.get("persist-credentials", "true").lower() == "true"
        if step.action == "actions/checkout" and kept:
            yield step.fault(
                "the token stays in .git/config for every later step: set persist-credentials: false"
            )


def _strangers_code(job: Job) -> Iterator[Fault]:
    if "pull_request_target" not in job.triggers:
        return
    for step in job.steps:
        if any(_NOT_FOR_TARGET.search(guard) for guard in step.guards):
            continue
        if _takes_head(step, job):
            message = "pull_request_target runs the code of a stranger's branch with your secrets"
            yield step.fault(message)


def _takes_head(step: Step, job: Job) -> bool:
    if step.action != "actions/checkout":
        return bool(_CHECKS_HEAD_OUT.search(_with_env(step.program, step.env)))
    wanted = _with_env(
        f"{step.options.get('ref', '')} {step.options.get('repository', '')}", step.env
    )
    asked = set(_OUTPUT.findall(wanted))
    found = [one.words for one in job.steps if dig(one.file.value, *one.keys, "id") in asked]
    return any(_HEAD.search(text) for text in [wanted, *found])


def _with_env(text: str, env: Mapping[str, str]) -> str:
    text = _INDEX.sub(lambda found: f".{found[1]}", text)
    return _ENV.sub(lambda found: env.get(found[1] or found[2], found[0])[:500], text)
