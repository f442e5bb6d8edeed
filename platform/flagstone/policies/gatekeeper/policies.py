"""One policy put to use: a constraint and its template's program, or the reason why there is none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flagstone.policies.engines.asking import Answer, Program, Question
from flagstone.policies.engines.sources import REFUSES, CelSource, RegoSource
from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.constraints import Constraint, Enforcement
from flagstone.policies.gatekeeper.errors import NoMessage, NotEvaluated, PolicyError
from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.gatekeeper.matching import Matching
from flagstone.policies.manifests.namespaces import is_namespace
from flagstone.policies.manifests.objects import Manifest


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that a policy holds against one object."""

    policy: str
    constraint: str
    enforcement: Enforcement
    message: str
    details: dict[str, Any]
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Unusable:
    """A constraint that cannot be evaluated on whatever it matches."""

    manifest: Manifest
    match: Matching
    error: PolicyError


@dataclass(frozen=True, slots=True)
class Refusing:
    """A binding that refuses whatever it matches, for a reason that is not the object's."""

    manifest: Manifest
    match: Matching
    policy: str
    message: str

    def violation(self, manifest: Manifest) -> Violation:
        return Violation(self.policy, self.manifest.name, "deny", self.message, {}, manifest)


class Policy:
    """A constraint with its compiled template."""

    def __init__(self, constraint: Constraint, program: Program) -> None:
        self.constraint = constraint
        self.manifest = constraint.manifest
        self.match = constraint.match
        self._program = program
        self._needs_inventory = program.template.needs_inventory
        # CEL sees null where a constraint has no parameters, Rego an empty object
        self._in_cel = isinstance(program.template.source, CelSource)
        source = program.template.source
        # What CEL asks for is found where it is evaluated, Rego takes what is missing for undefined
        self._asked = () if isinstance(source, CelSource) else tuple(source.asked_of_the_cluster)
        self._asks_namespace = isinstance(source, RegoSource) and source.asks_for_the_namespace
        given = constraint.parameters is not None or not self._in_cel
        self._parameters = json.dumps((constraint.parameters or {}) if given else None)

    @property
    def name(self) -> str:
        """The template's name."""
        return self._program.template.name

    @property
    def title(self) -> str:
        """What people call it: the template's title, or its name."""
        annotations = self._program.template.manifest.annotations
        return annotations.get("metadata.gatekeeper.sh/title") or self.name

    @property
    def language(self) -> str:
        """`Rego v0`, `Rego v1` or `CEL`."""
        source = self._program.template.source
        if isinstance(source, CelSource):
            return "CEL"
        return "Rego v1" if source.is_v1 else "Rego v0"

    @property
    def narrowed(self) -> dict[str, Any]:
        """What an object has to fit besides its kind, by the field that says so."""
        source = self._program.template.source
        conditions = source.conditions if isinstance(source, CelSource) else ()
        asked = [{"name": name, "expression": text} for name, text in conditions]
        return self.match.narrowed | ({"matchConditions": asked} if asked else {})

    @property
    def undecided(self) -> list[str]:
        """What it asks for that only a request to a cluster has, such as `request.userInfo`."""
        return self._program.template.source.asked_of_the_cluster

    @property
    def rego(self) -> str:
        """The policy's source, libraries included."""
        return self._program.template.source.text

    def must_be_known(self, manifest: Manifest, view: ClusterView) -> None:
        """Refuse to guess what only the request of an object has, or its namespace.

        Raises:
            NotEvaluated: the policy reads what is not known.
        """
        if self._asked:
            reason = f"it asks for {', '.join(self._asked)}, which only a request to a cluster has"
            raise self._failure(reason, NotEvaluated)
        if self._asks_namespace and _is_in_unknown_namespace(manifest, view):
            where = f" {manifest.namespace}" if manifest.namespace else ""
            reason = (
                f"it asks for the object's namespace{where} (input.review.namespaceObject), "
                "which is not among the files"
            )
            raise self._failure(reason, NotEvaluated)

    def question(
        self, manifest: Manifest, review: str, inventory: Inventory | None, view: ClusterView
    ) -> Question:
        """What the engine is asked about one object; `review` is its `input.review` as JSON.

        Raises:
            NotEvaluated: the policy looks at other objects, and none are known.
        """
        if inventory is None and self._needs_inventory:
            reason = "it looks at other objects (data.inventory), and none were given"
            raise self._failure(reason, NotEvaluated)
        text = f'{{"review": {review}, "parameters": {self._parameters}}}'
        if self._in_cel:  # which tells what is absent from what is not known
            is_wide = json.dumps(view.kinds.is_cluster_wide(manifest))
            text = f'{text[:-1]}, "is_cluster_wide": {is_wide}}}'
        return Question(self._program, text, inventory, manifest.ref)

    def violations(self, manifest: Manifest, answer: Answer) -> list[Violation]:
        """What the engine's answer says about an object.

        Raises:
            PolicyError: it says that the policy could not be evaluated.
        """
        if isinstance(answer, PolicyError):
            raise answer.of_constraint(self.constraint.name)
        if not isinstance(answer, list):
            found = json.dumps(answer)[:200]
            raise self._failure(f"its rule violation is no set but {found}", PolicyError)
        return [self._violation(result, manifest) for result in answer]

    def _violation(self, result: Any, manifest: Manifest) -> Violation:
        message = result.get("msg") if isinstance(result, dict) else None
        if not isinstance(message, str):
            raise self._failure(f"its violation has no msg: {json.dumps(result)[:200]}", NoMessage)
        details = result.get("details")
        refuses = self._in_cel and result.get(REFUSES) is True
        return Violation(
            self.name,
            self.constraint.name,
            "deny" if refuses else self.constraint.enforcement,
            message,
            details if isinstance(details, dict) else {},
            manifest,
        )

    def _failure(self, reason: str, error: type[PolicyError]) -> PolicyError:
        template = self._program.template
        return error(
            reason,
            path=template.manifest.path,
            line=template.line,
            policy=self.name,
            constraint=self.constraint.name,
        )


def _is_in_unknown_namespace(manifest: Manifest, view: ClusterView) -> bool:
    if is_namespace(manifest) or view.kinds.is_cluster_wide(manifest):
        return False
    return manifest.namespace not in view.namespaces
