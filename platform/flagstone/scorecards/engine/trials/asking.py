"""Asking a policy of the repository: what it says of made-up objects, with its match and without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flagstone.policies.gatekeeper.constraints import GROUP
from flagstone.policies.gatekeeper.errors import PolicyError
from flagstone.policies.gatekeeper.policy_set import PolicySet, Review
from flagstone.policies.gatekeeper.untrusted import untrusted_policies
from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.subjects.policies_in_view import constrained_kind
from flagstone.scorecards.engine.trials.places import Place

Key = tuple[str, str]  # an object's kind, and what is the matter with it

_ANYWHERE, _MATCHED = "anywhere", "matched"


@dataclass(frozen=True, slots=True)
class Answer:
    """How many violations one object has.

    Attributes:
        anywhere: with the constraint's match left out.
        matched: with it.
        failure: why the policy did not answer; the numbers say nothing then.
    """

    anywhere: int
    matched: int
    failure: PolicyError | None


class Asked:
    """A template with the match and the parameters of one constraint of it.

    It was written by others, and nobody has read it: it runs in the child with limits.
    """

    def __init__(
        self,
        template: Manifest,
        match: Mapping[str, Any],
        parameters: Mapping[str, Any],
        place: Place,
    ) -> None:
        self.template = template
        self.match = match
        self.parameters = parameters
        self.place = place

    @cached_property
    def _set(self) -> PolicySet:
        return untrusted_policies(self._policies())

    def answers(self, objects: Mapping[Key, dict[str, Any]]) -> dict[Key, Answer]:
        """Put objects to the policy, all at once."""
        reviews = self._set.review_all(
            [Manifest(raw, "") for raw in objects.values()],
            view=self.place.view,
        )
        return {key: _answer(review) for key, review in zip(objects, reviews, strict=True)}

    def _policies(self) -> list[Manifest]:
        """The template and its constraint, without the faults that other checks report."""
        kind = constrained_kind(self.template)
        raw = {
            **self.template.raw,
            "apiVersion": "templates.gatekeeper.sh/v1",
            "metadata": {**self.template.metadata, "name": kind.lower()},
        }
        template = Manifest(
            raw, self.template.path, self.template.document, place=self.template.place
        )
        return [
            template,
            *(
                Manifest(
                    {
                        "apiVersion": f"{GROUP}/v1beta1",
                        "kind": kind,
                        "metadata": {"name": name},
                        "spec": {"match": dict(match), "parameters": dict(self.parameters)},
                    },
                    self.template.path,
                )
                for name, match in ((_ANYWHERE, {}), (_MATCHED, self.match))
            ),
        ]


def _answer(review: Review) -> Answer:
    constraints = [violation.constraint for violation in review.violations]
    return Answer(
        anywhere=constraints.count(_ANYWHERE),
        matched=constraints.count(_MATCHED),
        failure=review.failures[0] if review.failures else None,
    )
