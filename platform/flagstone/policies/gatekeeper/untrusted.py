"""Policies of others, such as those found in a repository: evaluated in a child with limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flagstone.policies.engines.confined import confined
from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.gatekeeper.policy_set import PolicySet, Review
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Snapshot


def untrusted_policies(manifests: Iterable[Manifest]) -> PolicySet:
    """The templates and constraints among some objects, ready to be evaluated in the child."""
    return PolicySet(Snapshot(files={}, manifests=tuple(manifests)), confined())


def review_untrusted(
    policies: Iterable[Manifest],
    objects: Sequence[Manifest],
    *,
    view: ClusterView | None = None,
    inventory: Inventory | None = None,
) -> list[Review]:
    """Put objects to policies that nobody has read.

    Args:
        policies: templates with their constraints; what else is among them is passed over.
        objects: what is judged.
        view: what is known of the cluster around them.
        inventory: the other objects, for policies that look at them.

    Returns:
        One review for each object, in their order. A policy that does not compile, that went over a
        limit or that cannot be evaluated here is among the failures of the objects that it matches.
    """
    return untrusted_policies(policies).review_all(
        objects, view=view or ClusterView(), inventory=inventory
    )
