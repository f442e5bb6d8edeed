"""What the relabelings of a monitor make of the labels that Kubernetes' service discovery finds.

Source: Prometheus' documentation of relabel_config; patterns match the whole text.
"""

from __future__ import annotations

import re
from typing import Any

from flagstone.policies.manifests.objects import mapping, sequence
from flagstone.scorecards.engine.alert_scenarios.matching import Matcher

_POD_LABEL = "__meta_kubernetes_pod_label_"
_GROUP = re.compile(r"\$(?:\{(\d)\}|(\d))")


def copies_pod_label(endpoint: dict[str, Any], label: str) -> bool:
    """Whether the relabelings of an endpoint give its metrics a label of the pod, under that very name.

    Args:
        endpoint: of a ServiceMonitor or PodMonitor.
        label: the pod's label, written as Prometheus writes it.
    """
    source = _POD_LABEL + label
    for relabeling in map(mapping, sequence(endpoint.get("relabelings"))):
        action = str(relabeling.get("action") or "replace").lower()
        if action == "labelmap" and _mapped(relabeling, source) == label:
            return True
        named = relabeling.get("targetLabel") == label
        if action == "replace" and named and source in sequence(relabeling.get("sourceLabels")):
            return True
    return False


def drops_label(endpoint: dict[str, Any], label: str) -> bool:
    """Whether what was scraped loses a label before it is kept."""
    for relabeling in map(mapping, sequence(endpoint.get("metricRelabelings"))):
        action = str(relabeling.get("action") or "replace").lower()
        matched = Matcher(label, "=~", str(relabeling.get("regex") or "")).accepts(label)
        if (action == "labeldrop" and matched) or (action == "labelkeep" and not matched):
            return True
    return False


def _mapped(relabeling: dict[str, Any], source: str) -> str | None:
    """The name that a labelmap gives a label; None if it leaves it out."""
    pattern = str(relabeling.get("regex") or "(.*)")
    if not Matcher(source, "=~", pattern).accepts(source):
        return None
    found = re.fullmatch(pattern, source)
    groups = ("", *found.groups()) if found else ("",)

    def filled(place: re.Match[str]) -> str:
        number = int(place[1] or place[2])
        return (groups[number] or "") if number < len(groups) else ""

    return _GROUP.sub(filled, str(relabeling.get("replacement") or "$1"))
