"""All objects put to all policies, with what could not be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.errors import NotEvaluated, PolicyError
from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.gatekeeper.policies import Violation
from flagstone.policies.gatekeeper.policy_set import PolicySet, Review
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Skipped, Unrendered


@dataclass(frozen=True, slots=True)
class Judged:
    """One object: `path` is the file as it was given, from where the command runs."""

    path: str
    manifest: Manifest
    review: Review

    def line_of(self, violation: Violation) -> int | None:
        """The line that a violation is about, or that of the object."""
        keys = violation.details.get("path")
        steps = keys if isinstance(keys, list) else []
        return self.manifest.line(*(key for key in steps if isinstance(key, str | int)))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was judged.

    Attributes:
        objects: every object, with what the policies say of it.
        untested: files, or parts of some, that could not be read, kustomizations and charts that could not
            be rendered, and why.
        broken: policies that cannot be used at all.
        not_evaluated: policies that need what is not here.
    """

    objects: tuple[Judged, ...]
    untested: tuple[tuple[str, str], ...]
    broken: tuple[PolicyError, ...]
    not_evaluated: tuple[NotEvaluated, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is refused, and nothing was left out."""
        return (
            not self.broken
            and not self.untested
            and not any(
                judged.review.failures
                or any(v.enforcement == "deny" for v in judged.review.violations)
                for judged in self.objects
            )
        )


def judge_all(
    policies: PolicySet,
    manifests: Sequence[tuple[Path, Manifest]],
    skipped: Sequence[tuple[Path, Skipped]],
    unrendered: Sequence[tuple[Path, Unrendered]],
    view: ClusterView,
    inventory: Inventory,
) -> Judgement:
    """Judge objects.

    Args:
        policies: what they are put to.
        manifests: the objects, with the place that each was read from.
        skipped: what could not be read, with its place.
        unrendered: the kustomizations and charts whose objects are not known, with their places.
        view: what is known of the cluster around them.
        inventory: the objects, as each other's surroundings.
    """
    judged = [(place, m) for place, m in manifests if m.unrendered_reason is None]
    reviews = policies.review_all(
        [manifest for _, manifest in judged], view=view, inventory=inventory
    )
    untested = [(place, s.path, s.reason) for place, s in skipped]
    untested += [
        (place, m.path, m.unrendered_reason) for place, m in manifests if m.unrendered_reason
    ]
    said = {(place, reason) for place, _, reason in untested}
    # the folder itself, unless files in it say the same
    untested += [
        (place, u.folder, u.sentence) for place, u in unrendered if (place, u.sentence) not in said
    ]
    return Judgement(
        tuple(
            Judged(_shown(place, manifest.path), manifest, review)
            for (place, manifest), review in zip(judged, reviews, strict=True)
        ),
        tuple(dict.fromkeys((_shown(place, path), reason) for place, path, reason in untested)),
        policies.errors,
        policies.not_evaluated,
    )


def _shown(place: Path, path: str) -> str:
    return str(place / path) if place.is_dir() else str(place)
