"""What the Gatekeeper policies say of each object, asked once and sorted by check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from flagstone.policies.gatekeeper.errors import PolicyError
from flagstone.policies.gatekeeper.policies import Policy, Violation
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.objects import Manifest

_QUOTED_ID = re.compile(r'"([A-Z]{2}-\d{2})"')


@dataclass(frozen=True, slots=True)
class Verdict:
    """The policies' word on one object.

    Attributes:
        by_check: violations by the check that they name.
        by_policy: violations that name no check, by their policy: it is the check then.
        failures: what could not be evaluated, by policy.
    """

    by_check: dict[str, list[Violation]] = field(default_factory=dict)
    by_policy: dict[str, list[Violation]] = field(default_factory=dict)
    failures: dict[str, PolicyError] = field(default_factory=dict)


class PolicyVerdicts:
    """The verdicts of one evaluation."""

    def __init__(
        self, policies: PolicySet, namespace_labels: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._policies = policies
        self.broken = policies.errors
        self._namespace_labels = namespace_labels
        self._known: dict[Manifest, Verdict] = {}
        self._covering: dict[str, set[str]] = {}
        for policy in policies.policies:
            for check in checks_of(policy):
                self._covering.setdefault(check, set()).add(policy.name)

    @property
    def foreign(self) -> list[Policy]:
        """The policies that name no check: others wrote them."""
        return [policy for policy in self._policies.policies if not checks_of(policy)]

    def covers(self, check: str) -> bool:
        """Whether some policy can report that check."""
        return check in self._covering

    def of(self, manifest: Manifest) -> Verdict:
        verdict = self._known.get(manifest)
        if verdict is None:
            verdict = self._known[manifest] = self._ask(manifest)
        return verdict

    def failure(self, check: str, manifest: Manifest) -> PolicyError | None:
        """Why a check cannot be decided for an object; None if its policies all answered."""
        failures = self.of(manifest).failures
        names = self._covering.get(check, set())
        return next((failures[name] for name in sorted(names & failures.keys())), None)

    def _ask(self, manifest: Manifest) -> Verdict:
        review = self._policies.review(manifest, namespace_labels=self._namespace_labels)
        verdict = Verdict()
        for violation in review.violations:
            check = violation.details.get("check")
            if isinstance(check, str):
                verdict.by_check.setdefault(check, []).append(violation)
            else:
                verdict.by_policy.setdefault(violation.policy, []).append(violation)
        for error in review.failures:
            verdict.failures.setdefault(error.policy, error)
        return verdict


def checks_of(policy: Policy) -> frozenset[str]:
    """The checks that a policy's Rego names in its violations."""
    return frozenset(_QUOTED_ID.findall(policy.rego))
