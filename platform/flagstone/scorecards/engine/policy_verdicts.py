"""What the Gatekeeper policies say of each object, asked once and sorted by check."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.errors import PolicyError
from flagstone.policies.gatekeeper.policies import Policy, Violation
from flagstone.policies.gatekeeper.policy_set import PolicySet, Review
from flagstone.policies.manifests.objects import Manifest

_AHEAD = 64  # objects
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
        self,
        policies: PolicySet,
        view: ClusterView,
        manifests: Sequence[Manifest] = (),
    ) -> None:
        """Take what is asked; nothing is asked yet.

        Args:
            policies: those that the objects are put to.
            view: what is known of the cluster around them.
            manifests: what is likely to be asked about, in that order: some of it is asked ahead,
                since an engine in another process answers many questions nearly as fast as one.
        """
        self._policies = policies
        self._manifests = manifests
        self.broken = policies.errors
        self._view = view
        self._known: dict[Manifest, Verdict] = {}
        self._covering: dict[str, set[str]] = {}
        for policy in policies.policies:
            for check in checks_of(policy):
                self._covering.setdefault(check, set()).add(policy.name)

    def expect(self, manifests: Sequence[Manifest]) -> None:
        """Ask ahead about these only: of several processes each judges its own part."""
        self._manifests = manifests
        self.__dict__.pop("_places", None)

    @property
    def foreign(self) -> list[Policy]:
        """The policies that name no check: others wrote them."""
        return [policy for policy in self._policies.policies if not checks_of(policy)]

    def covers(self, check: str) -> bool:
        """Whether some policy can report that check."""
        return check in self._covering

    def of(self, manifest: Manifest) -> Verdict:
        if manifest not in self._known:
            self._ask([manifest, *self._ahead(manifest)])
        return self._known[manifest]

    def failure(self, check: str, manifest: Manifest) -> PolicyError | None:
        """Why a check cannot be decided for an object; None if its policies all answered."""
        failures = self.of(manifest).failures
        names = self._covering.get(check, set())
        return next((failures[name] for name in sorted(names & failures.keys())), None)

    @cached_property
    def _places(self) -> dict[Manifest, int]:
        return {manifest: place for place, manifest in enumerate(self._manifests)}

    def _ahead(self, manifest: Manifest) -> list[Manifest]:
        """What comes after an object, as far as it is not known yet."""
        place = self._places.get(manifest)
        if place is None:
            return []
        following = self._manifests[place + 1 : place + _AHEAD]
        return [other for other in following if other not in self._known]

    def _ask(self, manifests: Sequence[Manifest]) -> None:
        reviews = self._policies.review_all(manifests, view=self._view)
        self._known |= zip(manifests, map(_sorted, reviews), strict=True)


def _sorted(review: Review) -> Verdict:
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
