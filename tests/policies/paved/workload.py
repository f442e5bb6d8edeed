"""A workload that every policy for pods accepts, to be spoiled one field at a time."""

from __future__ import annotations

from typing import Any

from flagstone.policies.manifests.objects import Manifest
from tests.policies.paved.cases import changed

IMAGE = f"registry.example.com/web@sha256:{'a' * 64}"
GOOD = f"""
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {{name: web, namespace: pay}}
spec:
  strategy:
    blueGreen:
      activeService: web
      previewService: web-preview
      prePromotionAnalysis: {{templates: [{{templateName: smoke}}]}}
  template:
    spec:
      securityContext:
        runAsNonRoot: true
        seccompProfile: {{type: RuntimeDefault}}
      containers:
        - name: app
          image: {IMAGE}
          readinessProbe: {{httpGet: {{path: /ready, port: 80}}}}
          livenessProbe: {{httpGet: {{path: /live, port: 80}}}}
          resources: {{requests: {{cpu: 100m, memory: 64Mi}}, limits: {{memory: 64Mi}}}}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {{drop: [ALL]}}
"""
POD = "spec.template.spec"
APP = f"{POD}.containers.0"


def workload(changes: dict[str, Any]) -> Manifest:
    return changed(GOOD, changes)


def as_kind(api_version: str, kind: str, changes: dict[str, Any] | None = None) -> Manifest:
    """The same pods under another kind of workload."""
    rollout = changed(GOOD, changes or {}).raw
    raw = {"apiVersion": api_version, "kind": kind, "metadata": rollout["metadata"]}
    pods = {"template": rollout["spec"]["template"]}
    if kind == "Pod":
        raw["spec"] = pods["template"]["spec"]
    elif kind == "CronJob":
        raw["spec"] = {"jobTemplate": {"spec": pods}}
    elif kind == "PodTemplate":
        raw |= pods
    else:
        raw["spec"] = pods
    return Manifest(raw, "web.yaml")


LONG_RUNNING = [
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "ReplicaSet"),
    ("argoproj.io/v1alpha1", "Rollout"),
    ("v1", "Pod"),
    ("v1", "PodTemplate"),
]
JOBS = [("batch/v1", "Job"), ("batch/v1", "CronJob")]
PREFIXES = {
    "Pod": "spec",
    "PodTemplate": "template.spec",
    "CronJob": "spec.jobTemplate.spec.template.spec",
}


def pod_path(kind: str) -> str:
    return PREFIXES.get(kind, POD)
