"""A pod that nothing can be held against, and the ways in which it is made worse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
SECTIONS = ("limits", "requests")
RESOURCES = ("cpu", "memory")
_IMAGE = f"registry.example.com/payments/checkout@sha256:{'5f' * 32}"
_HANDLERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "httpGet": lambda path: {"path": path, "port": 8080},
    "tcpSocket": lambda _path: {"port": 8080},
    "exec": lambda path: {"command": ["/bin/check", path]},
    "grpc": lambda path: {"port": 8080, "service": path.strip("/")},
}
HANDLERS = tuple(_HANDLERS)
# As little as anybody asks for: a policy may bound what is requested.
_ENOUGH = {"cpu": "10m", "memory": "16Mi"}


def container(name: str, handler: str) -> dict[str, Any]:
    """A container with every probe, bounded, and allowed nothing."""
    return {
        "name": name,
        "image": _IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": _probe(handler, "/ready"),
        "livenessProbe": _probe(handler, "/live"),
        "startupProbe": _probe(handler, "/started"),
        "resources": {section: dict(_ENOUGH) for section in SECTIONS},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 10001,
        },
    }


def _probe(handler: str, path: str) -> dict[str, Any]:
    timings = {"periodSeconds": 10, "timeoutSeconds": 2, "failureThreshold": 6}
    return {handler: _HANDLERS[handler](path), **timings}


def pod(handler: str) -> dict[str, Any]:
    """A pod of one container."""
    return {
        "serviceAccountName": "checkout",
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": 45,
        "containers": [container("app", handler)],
    }


Change = Callable[[dict[str, Any]], None]


def changed(good: Mapping[str, Any], change: Change) -> dict[str, Any]:
    spec = deepcopy(dict(good))
    change(spec)
    return spec


def without(*keys: str, of: int = 0) -> Change:
    """Take fields out of the container at that position."""

    def change(spec: dict[str, Any]) -> None:
        for key in keys:
            spec["containers"][of].pop(key, None)

    return change


def with_field(key: str, value: Any) -> Change:
    def change(spec: dict[str, Any]) -> None:
        spec["containers"][0][key] = value

    return change


def with_resource(section: str, resource: str, value: str | None) -> Change:
    """Set one amount, or take it out."""

    def change(spec: dict[str, Any]) -> None:
        amounts = spec["containers"][0]["resources"][section]
        if value is None:
            amounts.pop(resource, None)
        else:
            amounts[resource] = value

    return change


def without_section(section: str) -> Change:
    def change(spec: dict[str, Any]) -> None:
        del spec["containers"][0]["resources"][section]

    return change


def beside(field: str, other: dict[str, Any], *missing: str) -> Change:
    """Add a second container, or an init container, that lacks some fields."""

    def change(spec: dict[str, Any]) -> None:
        lacking = {key: value for key, value in other.items() if key not in missing}
        spec.setdefault(field, []).append(lacking)

    return change
