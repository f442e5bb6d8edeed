"""Templates and constraints to load, as small as they can be."""

from __future__ import annotations

from typing import Any

import yaml

from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.namespaces import namespace_with
from flagstone.policies.manifests.objects import Manifest

V1 = """\
package demo
violation contains {"msg": msg} if {
  input.review.object.spec.replicas < input.parameters.min
  msg := sprintf("%v replicas", [input.review.object.spec.replicas])
}
"""
V0 = """\
package demo
violation[{"msg": msg, "details": {"min": input.parameters.min}}] {
  input.review.object.spec.replicas < input.parameters.min
  msg := sprintf("%v replicas", [input.review.object.spec.replicas])
}
"""


def code(rego: str, **source: Any) -> dict[str, Any]:
    """A target whose Rego stands under `code`."""
    return {"code": [{"engine": "Rego", "source": {"rego": rego, **source}}]}


def template(target: dict[str, Any], kind: str = "Demo", **schema: Any) -> dict[str, Any]:
    crd = {"spec": {"names": {"kind": kind}, "validation": {"openAPIV3Schema": schema}}}
    return {
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {"name": kind.lower()},
        "spec": {"crd": crd, "targets": [{"target": "admission.k8s.gatekeeper.sh", **target}]},
    }


def constraint(kind: str = "Demo", **spec: Any) -> dict[str, Any]:
    spec.setdefault("parameters", {"min": 2})
    return {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": kind,
        "metadata": {"name": "demo"},
        "spec": spec,
    }


def policies(*documents: dict[str, Any] | str) -> PolicySet:
    """A set of one file, `p.yaml`."""
    texts = [d if isinstance(d, str) else dump(d) for d in documents]
    return PolicySet.from_files({"p.yaml": "---\n".join(texts).encode()})


def deployment(replicas: Any = 1, namespace: str = "pay", **metadata: Any) -> Manifest:
    raw = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace, **metadata},
        "spec": {"replicas": replicas},
    }
    return Manifest(raw, "web.yaml")


def in_view(**labels: dict[str, str]) -> ClusterView:
    """A cluster of which the namespaces are known, each with its labels."""
    return ClusterView({name: namespace_with(name, found) for name, found in labels.items()})


class _Literal(yaml.SafeDumper):
    """Writes text of several lines as a block, as people write Rego."""


_Literal.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    ),
)


def dump(document: dict[str, Any]) -> str:
    return yaml.dump(document, Dumper=_Literal, sort_keys=False)
