"""One workload of a service with what surrounds it, as the checks want to see it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import cached_property
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.policies.manifests.workloads import (
    LONG_RUNNING_KINDS,
    Container,
    PodSpec,
    UnresolvedReference,
)

_HTTP = ("http", "https", "http2", "h2c", "grpc", "grpc-web", "grpcs", "ws", "wss")
_NOT_HTTP = (
    "tcp",
    "tls",
    "udp",
    "mongo",
    "mysql",
    "redis",
    "postgres",
    "postgresql",
    "amqp",
    "dns",
)
_TCP_PORTS = frozenset(
    {22, 25, 53, 389, 636, 1433, 1521, 2379, 2380, 3306, 4222, 5432, 5672, 6379, 6380, 9042, 9092}
    | {9093, 11211, 26379, 27017, 61616}
)
_ASIDE = (
    "metrics",
    "prom",
    "health",
    "probe",
    "debug",
    "admin",
    "pprof",
    "monitoring",
    "telemetry",
)


class ServiceKind(StrEnum):
    """What something does; `unknown` where no workload is seen."""

    HTTP = "http"
    TCP = "tcp"
    WORKER = "worker"
    CRON = "cron"
    STATIC = "static"
    UNKNOWN = "unknown"


class Workload:
    """A Deployment, Rollout, Job and the like, with the objects that concern it."""

    def __init__(
        self,
        manifest: Manifest,
        pod: PodSpec | UnresolvedReference | None,
        around: Iterable[Manifest] = (),
    ) -> None:
        self.manifest = manifest
        self.around = tuple(around)
        self.pod = pod if isinstance(pod, PodSpec) else None
        self.unresolved = pod.reason if isinstance(pod, UnresolvedReference) else ""

    def of_kind(self, kind: str) -> list[Manifest]:
        return [manifest for manifest in self.around if manifest.kind == kind]

    @cached_property
    def services(self) -> list[Manifest]:
        return self.of_kind("Service")

    @cached_property
    def is_rollout(self) -> bool:
        return self.manifest.kind == "Rollout"

    @cached_property
    def long_running(self) -> bool:
        return self.manifest.kind in LONG_RUNNING_KINDS

    @property
    def template_holder(self) -> Manifest:
        """The object whose pod template runs: the workload, or the one it borrows from."""
        return self.pod.holder if self.pod else self.manifest

    @cached_property
    def canary(self) -> dict[str, Any] | None:
        """The canary strategy of a Rollout."""
        found = dig(self.manifest.spec, "strategy", "canary") if self.is_rollout else None
        return found if isinstance(found, dict) else None

    @property
    def steps(self) -> list[dict[str, Any]]:
        return [mapping(step) for step in sequence((self.canary or {}).get("steps"))]

    @property
    def weights(self) -> list[int]:
        """The `setWeight` of each step that has one."""
        weights = [step.get("setWeight") for step in self.steps]
        return [w for w in weights if isinstance(w, int) and not isinstance(w, bool)]

    @property
    def subset_routing(self) -> dict[str, Any] | None:
        """`trafficRouting.istio` of a canary."""
        found = dig(self.canary, "trafficRouting", "istio")
        return found if isinstance(found, dict) and found else None

    @property
    def splits_hosts(self) -> bool:
        """Whether Istio splits the traffic of a canary between two Services, not between subsets."""
        routing = self.subset_routing
        return routing is not None and not routing.get("destinationRule")

    @property
    def canary_services(self) -> tuple[str, str]:
        """The canary's Service and the stable one; ping and pong take turns at being either."""
        canary = self.canary or {}
        ping, pong = dig(canary, "pingPong", "pingService"), dig(canary, "pingPong", "pongService")
        pair = (canary.get("canaryService") or ping, canary.get("stableService") or pong)
        return str(pair[0] or ""), str(pair[1] or "")

    @cached_property
    def containers(self) -> list[Container]:
        """The service's own application containers."""
        return self.pod.own_app_containers() if self.pod else []

    @cached_property
    def kind(self) -> ServiceKind:
        """What the workload does, from its kind, its Services and the ports it opens."""
        if not self.long_running:
            return ServiceKind.CRON
        if self.unresolved:  # its Services cannot be told either; a strategy is for traffic
            return ServiceKind.HTTP if self.canary else ServiceKind.UNKNOWN
        ports = [mapping(p) for s in self.services for p in sequence(s.spec.get("ports"))]
        if self.pod and not self.services:  # its Service may lie in another repository
            ports = [
                mapping(port)
                for container in self.containers
                for port in sequence(container.raw.get("ports"))
            ]
            if self.weights and any(_asked_by_http(c) for c in self.containers):
                return ServiceKind.HTTP
        kinds = {_port_kind(port) for port in ports}
        for kind in (ServiceKind.HTTP, ServiceKind.TCP):
            if kind in kinds:
                return kind
        return ServiceKind.WORKER

    @property
    def serves(self) -> bool:
        return self.kind in {ServiceKind.HTTP, ServiceKind.TCP}

    @cached_property
    def named_scalers(self) -> list[Manifest]:
        """The autoscalers that name this workload or its namesake, such as the Deployment it borrows from."""
        return self.of_kind("HorizontalPodAutoscaler") + self.of_kind("ScaledObject")

    @cached_property
    def scalers(self) -> list[Manifest]:
        """The autoscalers that scale this very workload."""
        own = (self.manifest.group, self.manifest.kind)
        return [scaler for scaler in self.named_scalers if scaled_type(scaler) == own]

    @property
    def min_replicas(self) -> int | None:
        """The fewest pods that it runs with; None if that depends on the cluster."""
        if self.manifest.kind == "DaemonSet":
            return None
        for scaler in self.scalers:
            field, default = SCALER_MINIMUM[scaler.kind]
            return _count(scaler.spec.get(field), default)
        return _count(self.manifest.spec.get("replicas"), 1)


SCALER_MINIMUM = {
    "HorizontalPodAutoscaler": ("minReplicas", 1),
    "ScaledObject": ("minReplicaCount", 0),
}


def scaled_type(scaler: Manifest) -> tuple[str, str]:
    """The group and the kind of what an autoscaler scales."""
    target = mapping(scaler.spec.get("scaleTargetRef"))
    default = "apps/v1" if scaler.kind == "ScaledObject" else ""
    group = str(target.get("apiVersion") or default).rpartition("/")[0]
    return group, str(target.get("kind") or "Deployment")


def serves_http(service: Manifest) -> bool:
    """Whether a Service has a port for HTTP or gRPC requests."""
    ports = map(mapping, sequence(service.spec.get("ports")))
    return any(_port_kind(port) is ServiceKind.HTTP for port in ports)


def port_names(ports: Any) -> set[str]:
    """The names of a list of ports."""
    names = (mapping(port).get("name") for port in sequence(ports))
    return {name for name in names if isinstance(name, str)}


def _count(value: Any, default: int) -> int | None:
    if value is None:
        return default
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _asked_by_http(container: Container) -> bool:
    probe = mapping(container.raw.get("readinessProbe"))
    return bool(mapping(probe.get("httpGet")) or mapping(probe.get("grpc")))


def _port_kind(port: dict[str, Any]) -> ServiceKind:
    """What a port of a Service or container carries; a port for metrics or health serves nobody."""
    name = str(port.get("name") or "").lower()
    words = name.split("-")
    if any(word.startswith(_ASIDE) for word in words):
        return ServiceKind.WORKER
    protocol = str(port.get("appProtocol") or words[0]).lower().rpartition("/")[2]
    if str(port.get("protocol") or "TCP") != "TCP" or protocol in _NOT_HTTP:
        return ServiceKind.TCP
    if protocol in _HTTP:
        return ServiceKind.HTTP
    numbers = {port.get("port"), port.get("targetPort"), port.get("containerPort")}
    return ServiceKind.TCP if numbers & _TCP_PORTS else ServiceKind.HTTP
