"""Gatekeeper policies as people write them, good and bad, for trials."""

from __future__ import annotations

from typing import Any

from tests.scorecards.engine.samples import as_yaml

APPS = {"apiGroups": ["apps"], "kinds": ["Deployment", "StatefulSet", "DaemonSet"]}
ROLLOUTS = {"apiGroups": ["argoproj.io"], "kinds": ["Rollout"]}
PODS = {"apiGroups": [""], "kinds": ["Pod"]}
EVERYTHING: list[dict[str, Any]] = []

CONTAINERS = "input.review.object.spec.template.spec.containers[_]"

# A rule for each probe, every container, handlers asked for.
PROBES = f"""
package acme

handlers := {{"httpGet", "tcpSocket", "exec", "grpc"}}

violation[{{"msg": msg}}] {{
  container := {CONTAINERS}
  probe := input.parameters.probes[_]
  not has_handler(container, probe)
  msg := sprintf("%v lacks %v", [container.name, probe])
}}

has_handler(container, probe) {{ container[probe][handlers[_]] }}
"""
BOTH = {"probes": ["readinessProbe", "livenessProbe"]}

# Names Pods, as the policies of libraries do; one kind of handler may be demanded.
POD_PROBES = """
package acme

allowed := {kind | kind := input.parameters.probeTypes[_]}

violation[{"msg": msg}] {
  container := input.review.object.spec.containers[_]
  probe := input.parameters.probes[_]
  lacks(container, probe)
  msg := sprintf("Container <%v> of <%v> has no <%v>", [container.name, input.review.kind.kind, probe])
}

lacks(container, probe) { not container[probe] }
lacks(container, probe) {
  given := {field | container[probe][field]}
  count(given & allowed) == 0
}
"""

RESOURCES = f"""
package acme

violation[{{"msg": msg}}] {{
  container := {CONTAINERS}
  section := {{"limits", "requests"}}[_]
  resource := input.parameters[section][_]
  not positive(container, section, resource)
  msg := sprintf("%v has no %v.%v", [container.name, section, resource])
}}

positive(container, section, resource) {{ regex.match("[1-9]", container.resources[section][resource]) }}
"""
MEMORY = {"limits": ["memory"], "requests": ["cpu", "memory"]}


def template(program: str = "", **target: Any) -> dict[str, Any]:
    """A template that takes any parameters; `target` is what its target holds instead of Rego."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {"name": "acme"},
        "spec": {
            "crd": {
                "spec": {
                    "names": {"kind": "Acme"},
                    "validation": {"openAPIV3Schema": anything},
                }
            },
            "targets": [
                {"target": "admission.k8s.gatekeeper.sh", **(target or {"rego": program.strip()})}
            ],
        },
    }


def constraint(
    parameters: dict[str, Any] | None = None,
    *kinds: dict[str, Any],
    match: dict[str, Any] | None = None,
    name: str = "acme",
) -> dict[str, Any]:
    """A constraint for the workloads of services, or for these kinds."""
    looked_at = {"kinds": list(kinds or (APPS, ROLLOUTS)), "excludedNamespaces": ["kube-*"]}
    return {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": "Acme",
        "metadata": {"name": name},
        "spec": {"match": looked_at if match is None else match, "parameters": parameters or {}},
    }


def files(*documents: dict[str, Any]) -> dict[str, bytes]:
    return {"policies/acme.yaml": as_yaml(list(documents)).encode()}
