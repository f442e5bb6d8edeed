"""Running suites: each case of each test, with what is wrong about it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from flagstone.core.errors import UserError
from flagstone.policies.admission.reading import GROUP as ADMISSION
from flagstone.policies.engines.asking import Engine
from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.errors import InvalidParameters, PolicyError
from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.gatekeeper.matching import UnknownNamespaceError
from flagstone.policies.gatekeeper.policies import Policy
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.gatekeeper.templates import GROUP as TEMPLATES
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.suites.assertions import problem_of
from flagstone.policies.suites.choosing import Choice
from flagstone.policies.suites.requests import asked_of
from flagstone.policies.suites.suites import Case, Suite, Test, read_objects


@dataclass(frozen=True, slots=True)
class CaseResult:
    """`problem` is "" if the case holds."""

    name: str
    problem: str = ""
    skipped: bool = False
    messages: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TestResult:
    """`problem` is what is wrong with the test itself, such as a template that does not compile."""

    name: str
    problem: str = ""
    skipped: bool = False
    cases: tuple[CaseResult, ...] = ()


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """The results of one suite; `notes` change none of them."""

    path: Path
    problem: str = ""
    skipped: bool = False
    tests: tuple[TestResult, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ran(self) -> bool:
        """Whether something of it was tried, and not all of it skipped."""
        tried = (case for test in self.tests for case in test.cases if not case.skipped)
        return bool(self.problem) or any(test.problem for test in self.tests) or any(tried)

    @property
    def holds(self) -> bool:
        return not self.problem and not any(
            test.problem or any(case.problem for case in test.cases) for test in self.tests
        )


def run_suite(suite: Suite, engine: Engine, choice: Choice) -> SuiteResult:
    """Run the tests of a suite that are chosen; whatever is wrong is in the result."""
    if suite.problem:
        return SuiteResult(suite.path, suite.problem)
    if suite.skip:
        return SuiteResult(suite.path, skipped=True, notes=suite.notes)
    tests = tuple(_run_test(test, suite.path.parent, engine, choice) for test in suite.tests)
    return SuiteResult(suite.path, tests=tests, notes=suite.notes)


def _run_test(test: Test, folder: Path, engine: Engine, choice: Choice) -> TestResult:
    if test.skip or not choice.has_test(test):
        return TestResult(test.name, skipped=True)
    try:
        policy = _policy(test, folder, engine)
    except InvalidParameters as error:
        return TestResult(test.name, "" if test.invalid else error.message)
    except UserError as error:
        return TestResult(test.name, error.message)
    if test.invalid:
        problem = "the constraint fits its template, but is expected to be invalid"
        return TestResult(test.name, problem)
    cases = tuple(_run_case(case, test, policy, folder, engine, choice) for case in test.cases)
    return TestResult(test.name, cases=cases)


def _policy(test: Test, folder: Path, engine: Engine) -> Policy:
    for what, path in (("template", test.template), ("constraint", test.constraint)):
        if not path:
            raise UserError(f"the test names no {what}")
    read = read_objects(folder / test.template)
    templates = [m for m in read if m.group == TEMPLATES]
    if not templates and any(m.group == ADMISSION for m in read):
        raise UserError(
            f"{folder / test.template} holds a ValidatingAdmissionPolicy: a Suite tests "
            "ConstraintTemplates only; put objects to it with "
            "`flagstone policy test FILES --policies FOLDER`"
        )
    if len(templates) != 1:
        raise UserError(f"{folder / test.template} must hold one ConstraintTemplate")
    others = read_objects(folder / test.constraint)
    constraints = [m for m in others if m.group == "constraints.gatekeeper.sh"]
    if len(constraints) != 1:
        raise UserError(f"{folder / test.constraint} must hold one constraint")
    found = PolicySet(Snapshot({}, (*templates, *constraints)), engine)
    for error in (*found.errors, *found.not_evaluated):
        raise error
    return found.policies[0]


def _run_case(
    case: Case, test: Test, policy: Policy, folder: Path, engine: Engine, choice: Choice
) -> CaseResult:
    if case.skip or not choice.has_case(test.name, case.name):
        return CaseResult(case.name, skipped=True)
    begun = time.perf_counter()
    messages: tuple[str, ...] = ()
    try:
        messages = tuple(_messages(case, policy, folder, engine))
        found = (problem_of(assertion, messages) for assertion in case.assertions)
        problem = next((problem for problem in found if problem), "")
    except UserError as error:
        problem = error.message
    seconds = time.perf_counter() - begun
    return CaseResult(case.name, problem, messages=messages, seconds=seconds)


def _messages(case: Case, policy: Policy, folder: Path, engine: Engine) -> Iterable[str]:
    if not case.object:
        raise UserError("the case names no object")
    if not case.assertions:
        raise UserError("the case has no assertions; a case must have at least one")
    objects = read_objects(folder / case.object)
    if len(objects) != 1:
        raise UserError(f"{folder / case.object} must hold one object, and holds {len(objects)}")
    others = [m for path in case.inventory for m in read_objects(folder / path)]
    view = replace(ClusterView.of(others), as_written=True)
    asked = asked_of(objects[0], view)
    try:
        if not policy.constraint.is_for_gator or not any(
            policy.match.applies(manifest, view) for manifest in asked.manifests
        ):
            return ()
    except UnknownNamespaceError as unknown:
        raise UserError(
            f"the constraint selects by labels of the namespace {unknown}, which is not in the "
            "inventory of the case"
        ) from None
    question = policy.question(asked.manifests[0], asked.review, Inventory(others), view)
    (answer,) = engine.answers([question])
    if isinstance(answer, PolicyError):
        raise answer
    return [violation.message for violation in policy.violations(asked.manifests[0], answer)]
