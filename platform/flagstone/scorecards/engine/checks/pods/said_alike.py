"""What the declarations of several checks of pods say alike."""

from __future__ import annotations

from flagstone.policies.manifests.workloads import INJECTED_CONTAINERS
from flagstone.scorecards.engine.registry import unrendered

BORROWED = "The pods come from a `workloadRef` whose target is not in the input; score a folder that holds it too."
NOT_IN_VIEW = f"{BORROWED} Or {unrendered('the workload is')}"
INJECTED_BY_NAME = (
    f"Containers that others inject are left out ({', '.join(sorted(INJECTED_CONTAINERS))})"
)
INJECTED = f"{INJECTED_BY_NAME}, where they are not the only ones"
