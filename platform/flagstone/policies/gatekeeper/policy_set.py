"""All policies of a folder, loaded once and put to every object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flagstone.policies.admission.reading import BINDING, POLICY, admission_policies
from flagstone.policies.admission.reading import GROUP as ADMISSION
from flagstone.policies.engines.asking import Engine, Program, Question
from flagstone.policies.engines.in_process import InProcess
from flagstone.policies.gatekeeper import constraints, templates
from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.constraints import match_fault, read_constraint
from flagstone.policies.gatekeeper.errors import NotEvaluated, PolicyError
from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.gatekeeper.matching import (
    Match,
    UnknownNamespaceError,
    UnknownResourceError,
)
from flagstone.policies.gatekeeper.policies import Policy, Refusing, Unusable, Violation
from flagstone.policies.gatekeeper.refusals import refusal
from flagstone.policies.gatekeeper.review import review_json
from flagstone.policies.gatekeeper.templates import read_template
from flagstone.policies.manifests.objects import Manifest, mapping
from flagstone.policies.manifests.reading import read_files, read_folder
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.schemas.definitions import definitions_among, resources_of

_NOTHING = ClusterView()
AnyPolicy = Policy | Refusing | Unusable


@dataclass(frozen=True, slots=True)
class Review:
    """What the policies say about one object, and which of them could not say anything."""

    violations: tuple[Violation, ...]
    failures: tuple[PolicyError, ...]


class PolicySet:
    """Policies, loaded once.

    Attributes:
        policies: those that can be evaluated.
        refusing: bindings that refuse whatever they match, and why.
        errors: what cannot be loaded, and why. An object that a broken policy matches gets the error
            with its review: no violation is never reported where nothing was evaluated.
        not_evaluated: policies that are fine but need what only the cluster has.
        idle: templates and admission policies that no constraint or binding puts to use.
    """

    def __init__(self, snapshot: Snapshot, engine: Engine | None = None) -> None:
        """Load the templates and constraints among the objects of a snapshot.

        Args:
            snapshot: what holds them.
            engine: what evaluates them; without one, this process, which is for trusted policies only.
        """
        self._engine = engine or InProcess()
        broken = [
            PolicyError(problem.message, path=problem.path, line=problem.line)
            for problem in snapshot.problems
        ]
        named = {error.path for error in broken}
        broken += [
            PolicyError(skipped.reason, path=skipped.path)
            for skipped in snapshot.skipped
            if skipped.path not in named
        ]
        programs = _programs(snapshot, self._engine, broken)
        loaded: list[AnyPolicy] = [
            _policy(m, programs) for m in snapshot.manifests if m.group == constraints.GROUP
        ]
        loaded += admission_policies(snapshot, self._engine, broken)
        self.policies = tuple(policy for policy in loaded if isinstance(policy, Policy))
        self.refusing = tuple(policy for policy in loaded if isinstance(policy, Refusing))
        self._all = tuple(loaded)
        self.idle = _idle(snapshot)
        self._defined = resources_of(definitions_among(snapshot.manifests))
        self._by_kind: dict[tuple[str, str], tuple[AnyPolicy, ...]] = {}
        broken += [policy.error for policy in loaded if isinstance(policy, Unusable)]
        unique = list(dict.fromkeys(broken))
        self.errors = tuple(error for error in unique if not isinstance(error, NotEvaluated))
        self.not_evaluated = tuple(error for error in unique if isinstance(error, NotEvaluated))

    @classmethod
    def load(cls, folder: Path, engine: Engine | None = None) -> PolicySet:
        """Load the policies of a folder.

        Raises:
            NotFound: there is no such folder.
        """
        return cls(read_folder(folder, render=False), engine)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], engine: Engine | None = None) -> PolicySet:
        return cls(read_files(files, render=False), engine)

    def evaluate(
        self,
        manifest: Manifest,
        *,
        view: ClusterView = _NOTHING,
        inventory: Inventory | None = None,
    ) -> list[Violation]:
        """The violations of one object.

        Raises:
            PolicyError: some policy that matches it could not be evaluated. `review` gives both.
        """
        review = self.review(manifest, view=view, inventory=inventory)
        if review.failures:
            raise review.failures[0]
        return list(review.violations)

    def review(
        self,
        manifest: Manifest,
        *,
        view: ClusterView = _NOTHING,
        inventory: Inventory | None = None,
    ) -> Review:
        """Put one object to every policy that matches it.

        Args:
            manifest: the object.
            view: what is known of the cluster around them.
            inventory: the other objects, for policies that look at them.
        """
        return self.review_all([manifest], view=view, inventory=inventory)[0]

    def review_all(
        self,
        manifests: Sequence[Manifest],
        *,
        view: ClusterView = _NOTHING,
        inventory: Inventory | None = None,
    ) -> list[Review]:
        """Put many objects to the policies at once: an engine elsewhere is asked in batches.

        Args:
            manifests: the objects.
            view: what is known of the cluster around them.
            inventory: the other objects, for policies that look at them.

        Returns:
            One review for each object, in their order.
        """
        found: list[tuple[list[Violation], list[PolicyError]]] = []
        asked: list[tuple[int, Policy]] = []
        questions: list[Question] = []
        view = view.also(self._defined)
        for position, manifest in enumerate(manifests):
            found.append(([], []))
            for policy, question in self._questions(manifest, view, inventory, *found[-1]):
                asked.append((position, policy))
                questions.append(question)
        answers = self._engine.answers(questions)
        for (position, policy), answer in zip(asked, answers, strict=True):
            violations, failures = found[position]
            try:
                violations.extend(policy.violations(manifests[position], answer))
            except PolicyError as error:
                failures.append(error)
        return [Review(tuple(violations), tuple(failures)) for violations, failures in found]

    def _questions(
        self,
        manifest: Manifest,
        view: ClusterView,
        inventory: Inventory | None,
        violations: list[Violation],
        failures: list[PolicyError],
    ) -> Iterator[tuple[Policy, Question]]:
        shown: str | None = None
        for policy in self._of_kind(manifest):
            try:
                if not policy.match.applies(manifest, view):
                    continue
                if isinstance(policy, Unusable):
                    failures.append(policy.error)
                elif isinstance(policy, Refusing):
                    violations.append(policy.violation(manifest))
                else:
                    policy.must_be_known(manifest, view)
                    shown = shown or review_json(manifest, view)
                    yield policy, policy.question(manifest, shown, inventory, view)
            except UnknownNamespaceError as unknown:
                failures.append(_unknown_namespace(policy, str(unknown)))
            except UnknownResourceError as unknown:
                reason = str(unknown)
                failures.append(refusal(policy.manifest, reason, "spec", error=NotEvaluated))
            except PolicyError as error:
                failures.append(error)

    def _of_kind(self, manifest: Manifest) -> tuple[AnyPolicy, ...]:
        key = manifest.group, manifest.kind
        found = self._by_kind.get(key)
        if found is None:
            found = tuple(policy for policy in self._all if policy.match.kind_matches(*key))
            self._by_kind[key] = found
        return found


def _idle(snapshot: Snapshot) -> tuple[str, ...]:
    used = {m.kind for m in snapshot.manifests if m.group == constraints.GROUP}
    bound = {str(m.spec.get("policyName")) for m in snapshot.of_kind(BINDING, ADMISSION)}
    unused = [
        manifest.name
        for manifest in snapshot.of_kind("ConstraintTemplate", templates.GROUP)
        if str(manifest.at("spec", "crd", "spec", "names", "kind")) not in used
    ]
    return (
        *unused,
        *(m.name for m in snapshot.of_kind(POLICY, ADMISSION) if m.name not in bound),
    )


def _unknown_namespace(policy: AnyPolicy, namespace: str) -> PolicyError:
    which = f"namespace {namespace}" if namespace else "namespace that the object is applied to"
    reason = f"it selects by labels of the {which}, which are not known"
    keys = ("spec", "match", "namespaceSelector")
    return refusal(policy.manifest, reason, *keys, error=NotEvaluated)


def _programs(
    snapshot: Snapshot, engine: Engine, broken: list[PolicyError]
) -> dict[str, Program | PolicyError]:
    """The compiled templates by the kind of their constraints."""
    programs: dict[str, Program | PolicyError] = {}
    for manifest in snapshot.of_kind("ConstraintTemplate", templates.GROUP):
        kind = str(manifest.at("spec", "crd", "spec", "names", "kind"))
        outcome: Program | PolicyError
        try:
            outcome = engine.compile(read_template(manifest))
        except PolicyError as error:
            outcome = error
            broken.append(error)
        if kind in programs:
            twice = f"another template defines {kind} too; in the cluster one replaces the other"
            line = manifest.line("metadata", "name")
            outcome = PolicyError(twice, path=manifest.path, line=line, policy=manifest.name)
            broken.append(outcome)
        programs[kind] = outcome
    return programs


def _policy(manifest: Manifest, programs: Mapping[str, Program | PolicyError]) -> Policy | Unusable:
    match = Match(mapping(manifest.spec.get("match")))
    match = match.by_kinds if match_fault(manifest) else match
    program = programs.get(manifest.kind)
    if program is None:
        reason = f"there is no ConstraintTemplate for the kind {manifest.kind}"
        return Unusable(manifest, match, refusal(manifest, reason, "kind"))
    if isinstance(program, PolicyError):
        return Unusable(manifest, match, program)
    try:
        template = program.template
        generates = template.generates_admission_policy
        read = read_constraint(manifest, template.schema, generates_admission_policy=generates)
        return Policy(read, program)
    except PolicyError as error:
        return Unusable(manifest, match, error)
