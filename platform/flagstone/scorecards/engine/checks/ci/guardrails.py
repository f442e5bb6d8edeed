"""CI-05: what is checked before the merge is what the cluster will get."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.checks.ci.sizes import NO_CI
from flagstone.scorecards.engine.ci.pipelines import Step
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
from flagstone.scorecards.engine.yaml_files import YamlFile

# What is only written out; a text with a command in it is more.
_SAID = re.compile(r"^[ \t]*(?:echo|printf)\b[^\n;|&`(]*", re.MULTILINE)
_CHECK = re.compile(
    r"\b(?:flagstone|paved)\s+(?:check|score|gate)\b(?![^\n;|&]{0,200}(?:--help|\s-h)\b)|/api/v\d+/gate\b"
)
_RENDERS_ITSELF = re.compile(
    r"\bflagstone\s+(?:score|gate)\b(?![^\n;|&]{0,200}(?:--help|\s-h)\b)|/api/v\d+/gate\b"
)
_RENDER = re.compile(
    r"\bkubectl\s+kustomize\b|\bkustomize\s+build\b|\bhelm\s+template\b|\bhelmfile\s+template\b"
    r"|\bkubectl\b[^\n]{0,100}\s(?:-k|--kustomize)\b|\bflux\s+build\b|\bkustomizer\b"
)
_EACH = re.compile(r"\b(?:for|find|xargs|while|parallel|ls-files|glob|walk)\b|\*|\$\{\{\s*matrix\.")
_POLICY_TESTS = re.compile(
    r"\b(?:flagstone\s+policy|gator|opa|conftest|kyverno)\s+(?:verify|test)\b"
)


@check(
    id="CI-05",
    name="CI checks what is rendered, and runs the tests of rules and policies",
    severity=Severity.H,
    rule="Counted are the steps that run for every pull request and stop it when they fail. They run `flagstone "
    "score` or an action of Flagstone's, or ask the gate's API; beside a checker that renders nothing itself, "
    "such as `paved check`, they render each overlay and chart (`kubectl kustomize`, `helm template` or the "
    "like). Where there are tests of policies these are run, and for a service with alert rules `promtool test "
    "rules` runs its test files, which promtool must be able to begin with.",
    why="An overlay changes what its base says: a check of the sources passes, and what the cluster "
    "gets breaks the rule. Alert rules and policies without their tests break unseen.",
    remedy="On every pull request render each overlay (`kubectl kustomize`) and run `flagstone score` on "
    "the result, or ask the gate; run `promtool test rules` on the tests of every service, and `flagstone policy "
    "verify` where there are policy tests.",
    not_applicable="No CI definition is in view, or the repository has no manifests.",
    no_data="What runs for a pull request is in another repository, or cannot be read: run the checks in a job of "
    "this repository, and mend what cannot be read.",
)
def rendered(service: ServiceView, params: NoParams) -> Outcome:
    ci = service.ci
    of_all = ci.once("CI-05", params, _rendered)
    if of_all.state in {State.NOT_APPLICABLE, State.NO_DATA}:
        return of_all
    if refused := list(_refused_tests(service)):
        return failed(*of_all.faults, *refused)
    untested = _untested(service)
    if untested is None:
        return of_all
    if of_all.state is State.PASS and (reason := _may_do_it(ci, untested.message)):
        return no_data(reason)
    return failed(*of_all.faults, untested)


def _rendered(ci: Ci) -> Outcome:
    """What concerns the repository as a whole."""
    if not ci.pipelines:
        return not_applicable(NO_CI)
    if not ci.snapshot.manifests and not ci.snapshot.unrendered:
        return not_applicable("the repository has no manifests", certain=True)
    problems = list(_problems(ci.snapshot, ci.stopping_steps))
    if not problems:
        return passed("what is rendered is checked before it is merged")
    if reason := _may_do_it(ci, problems[0]):
        return no_data(reason)
    return failed(*(_first_file(ci).fault(problem, "on") for problem in problems))


def _may_do_it(ci: Ci, problem: str) -> str:
    """Why it is not known whether a problem is there; "" if it is known."""
    if unseen := next(ci.unseen(ci.changes), ""):
        return f"{problem}; {unseen} may do it"
    return ci.why_unread


def _first_file(ci: Ci) -> YamlFile:
    return ci.changes[0].file if ci.changes else ci.pipelines[0].file


def _untested(service: ServiceView) -> Fault | None:
    """That nothing runs the tests of the service's own rules."""
    if not service.prometheus_rules:
        return None
    commands = service.ci.rule_test_commands
    if not commands:
        problem = "the alert rules are not tested: nothing runs promtool test rules"
        return _first_file(service.ci).fault(problem, "on")
    tests = [one.test.path for one in service.surroundings.rule_test_runs.of(service)]
    if not tests or any(command.runs(path) for command in commands for path in tests):
        return None  # of a service without tests PR-12 says so
    return commands[0].step.fault(f"promtool test rules runs other tests, and not {tests[0]}")


def _refused_tests(service: ServiceView) -> Iterator[Fault]:
    """The tests that CI runs, and that promtool cannot begin with, whatever else runs elsewhere."""
    commands = service.ci.rule_test_commands if service.prometheus_rules else ()
    for one in service.surroundings.rule_test_runs.of(service) if commands else ():
        path = one.test.path
        if one.refused and one.complaint and any(command.runs(path) for command in commands):
            yield Fault(f"promtool cannot run it: {one.complaint}", path=path, line=1)


def _problems(snapshot: Snapshot, steps: list[Step]) -> Iterator[str]:
    program = _SAID.sub("", "\n".join(step.binding for step in steps))
    actions = " ".join(step.action for step in steps)
    if not _CHECK.search(program) and "flagstone" not in actions:
        yield "no pull request is held against the checks: nothing runs flagstone score or the gate"
    elif _CHECK.search(program) and not _RENDERS_ITSELF.search(program):
        yield from _unrendered(snapshot, steps)
    if _has_policy_tests(snapshot) and not _POLICY_TESTS.search(program):
        yield "the tests of the policies are not run"


def _unrendered(snapshot: Snapshot, steps: list[Step]) -> Iterator[str]:
    folders = {manifest.origin for manifest in snapshot.manifests if manifest.origin is not None}
    folders |= {unrendered.folder for unrendered in snapshot.unrendered}
    rendering = [step.program for step in steps if _RENDER.search(step.binding)]
    if folders and not rendering:
        yield f"only sources are checked: {min(folders) or 'the root'} is not rendered"
    elif len(folders) > 1 and not any(_EACH.search(program) for program in rendering):
        text = "\n".join(rendering)
        missed = sorted(folder for folder in folders if folder not in text)
        if missed:
            yield f"{missed[0]} is not rendered, so not checked"


def _has_policy_tests(snapshot: Snapshot) -> bool:
    if snapshot.of_kind("Suite", "test.gatekeeper.sh"):
        return True
    return any(path.endswith(("_test.rego", "/kyverno-test.yaml")) for path in snapshot.paths())
