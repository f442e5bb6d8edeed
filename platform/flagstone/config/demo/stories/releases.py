"""Stories about canaries and about how Argo CD brings them out."""

from __future__ import annotations

from flagstone.config.demo.service_folder import APPLICATION, ServiceFolder

ROLLOUT = "rollout.yaml"


def analysis_forgotten(folder: ServiceFolder) -> None:
    """The templates were to move into a shared chart. They left here and never arrived there."""
    folder.remove("analysis.yaml")


def half_of_everybody_first(folder: ServiceFolder) -> None:
    """Too little traffic to see anything at 10 %, so the first step became a half."""
    folder.substitute(ROLLOUT, r"- setWeight: (5|10|20)$", "- setWeight: 50")
    folder.cut(ROLLOUT, "- setWeight: 25")


def no_time_to_look(folder: ServiceFolder) -> None:
    """Releases took ten minutes and somebody was in a hurry."""
    for minutes in (2, 3, 5):
        folder.replace(ROLLOUT, f"        - pause:\n            duration: {minutes}m\n", "")
    folder.cut(ROLLOUT, "- analysis:")


def canary_by_counting_pods(folder: ServiceFolder) -> None:
    """Routing was switched off to find a fault in the mesh, and 10 % is one of three pods again."""
    folder.cut(ROLLOUT, "trafficRouting:")
    folder.cut(ROLLOUT, "minPodsPerReplicaSet: 2")


def replicas_in_git(folder: ServiceFolder) -> None:
    """Scaled by hand on a bad day; Git and the autoscaler have been taking turns since."""
    folder.replace(
        ROLLOUT,
        "  # replicas is left out on purpose: the HorizontalPodAutoscaler owns it.\n",
        "  replicas: 6\n",
    )


def in_the_default_project(folder: ServiceFolder) -> None:
    """Set up on a Friday, before the project existed."""
    folder.substitute(APPLICATION, r"^  project: .*", "  project: default")


def synced_by_hand(folder: ServiceFolder) -> None:
    """For the days of a migration only: whatever is merged waits until somebody presses Sync."""
    folder.cut(APPLICATION, "automated:")


def canary_weights_reset(folder: ServiceFolder) -> None:
    """Copied from an application without canaries: self-heal puts the weights back in the middle of one."""
    folder.cut(APPLICATION, "ignoreDifferences:")


def routes_frozen(folder: ServiceFolder) -> None:
    """The usual advice for the weights; since then no change to a timeout has reached the cluster."""
    folder.replace(
        APPLICATION,
        "      - FailOnSharedResource=true\n",
        "      - FailOnSharedResource=true\n      - RespectIgnoreDifferences=true\n",
    )


def namespace_without_the_mesh(folder: ServiceFolder) -> None:
    """The labels were dropped as noise: new namespaces come up without sidecars, so without any of the above."""
    folder.cut(APPLICATION, "managedNamespaceMetadata:")
