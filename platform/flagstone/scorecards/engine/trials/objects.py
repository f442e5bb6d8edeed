"""The objects around a trial's pods, each a good one of its kind where a constraint's match looks."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from flagstone.policies.gatekeeper.matching import Match
from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.trials.places import Place

APPS = ("Deployment", "StatefulSet", "DaemonSet")
LONG_RUNNING = (*APPS, "Rollout")
POD_KINDS = (*LONG_RUNNING, "Pod")
JOBS = ("Job", "CronJob")
_VERSIONS = {
    **dict.fromkeys(APPS, "apps/v1"),
    **dict.fromkeys(JOBS, "batch/v1"),
    "Rollout": "argoproj.io/v1alpha1",
    "Pod": "v1",
    "VirtualService": "networking.istio.io/v1",
}
_ROUTING = {
    "istio": {
        "virtualService": {"name": "checkout", "routes": ["primary"]},
        "destinationRule": {
            "name": "checkout",
            "canarySubsetName": "canary",
            "stableSubsetName": "stable",
        },
    }
}
_CANARY: dict[str, Any] = {
    "stableService": "checkout",
    "canaryService": "checkout-canary",
    "trafficRouting": _ROUTING,
    "analysis": {"templates": [{"templateName": "checkout"}], "startingStep": 1},
    "steps": [
        {"setWeight": 5},
        {"pause": {"duration": "5m"}},
        {"setWeight": 20},
        {"pause": {"duration": "5m"}},
        {"setWeight": 50},
        {"pause": {"duration": "5m"}},
    ],
}
_ROUTE: dict[str, Any] = {
    "name": "primary",
    "timeout": "2s",
    "retries": {
        "attempts": 1,
        "perTryTimeout": "500ms",
        "retryOn": "connect-failure,refused-stream,reset-before-request",
    },
    "route": [{"destination": {"host": "checkout", "subset": "stable"}, "weight": 100}],
}


def group_of(kind: str) -> str:
    return _VERSIONS[kind].rpartition("/")[0]


def looked_at(match: Mapping[str, Any], kind: str, place: Place) -> bool:
    """Whether a match covers an object of that kind in that place."""
    raw = _object(kind, {}, place)
    return Match(match).applies(Manifest(raw, ""), place.view)


def with_pod(kind: str, pod: dict[str, Any], place: Place) -> dict[str, Any]:
    """An object of a kind that runs a pod."""
    labels = {"app.kubernetes.io/name": "checkout", **place.labels}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec: dict[str, Any]
    if kind == "Pod":
        spec = pod
    elif kind in JOBS:
        pod = {**pod, "restartPolicy": "Never"}
        spec = {"backoffLimit": 2, "template": {**template, "spec": pod}}
        if kind == "CronJob":
            spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": spec}}
    else:
        selector = {"matchLabels": {"app.kubernetes.io/name": "checkout"}}
        spec = {"replicas": 3, "selector": selector, "template": template}
    if kind == "StatefulSet":
        spec["serviceName"] = "checkout"
    if kind == "DaemonSet":
        del spec["replicas"]
    if kind == "Rollout":
        spec |= {"revisionHistoryLimit": 3, "strategy": {"canary": deepcopy(_CANARY)}}
    return _object(kind, spec, place)


def borrowing_rollout(place: Place) -> dict[str, Any]:
    """A Rollout whose pods are those of a Deployment."""
    lender = {"apiVersion": "apps/v1", "kind": "Deployment", "name": place.name}
    strategy = {"canary": deepcopy(_CANARY)}
    return _object("Rollout", {"replicas": 3, "workloadRef": lender, "strategy": strategy}, place)


def worse_rollouts(pod: dict[str, Any], place: Place) -> dict[str, dict[str, Any]]:
    """Rollouts that shift traffic without care, by what is wrong with them."""
    found = {
        name: with_pod("Rollout", pod, place) for name in ("steps", "analysis", "trafficRouting")
    }
    for name, rollout in found.items():
        del rollout["spec"]["strategy"]["canary"][name]
    return found


def virtual_service(place: Place) -> dict[str, Any]:
    spec = {"hosts": ["checkout"], "http": [deepcopy(_ROUTE)]}
    return _object("VirtualService", spec, place)


def worse_virtual_services(place: Place) -> dict[str, dict[str, Any]]:
    """VirtualServices that wait or retry without end, by what is wrong with them."""
    found = {name: virtual_service(place) for name in ("timeout", "retries", "attempts")}
    del found["timeout"]["spec"]["http"][0]["timeout"]
    del found["retries"]["spec"]["http"][0]["retries"]
    found["attempts"]["spec"]["http"][0]["retries"]["attempts"] = 50
    return found


def _object(kind: str, spec: dict[str, Any], place: Place) -> dict[str, Any]:
    metadata = {
        "name": place.name,
        "namespace": place.namespace,
        "labels": {"app.kubernetes.io/name": "checkout", **place.labels},
    }
    return {"apiVersion": _VERSIONS[kind], "kind": kind, "metadata": metadata, "spec": spec}
