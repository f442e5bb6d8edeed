"""What a workload does, told from its Services and ports."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.workloads import UnresolvedReference, pod_spec
from flagstone.scorecards.engine.workload_view import ServiceKind, Workload
from tests.scorecards.engine.samples import objects


def workload(
    ports: list[dict[str, Any]] | None = None,
    *,
    service: list[dict[str, Any]] | None = None,
    base: str = "deployment",
    **fields: Any,
) -> Workload:
    raw = objects(base)[base]
    if base != "job":
        container = raw["spec"]["template"]["spec"]["containers"][0]
        container["ports"] = ports or []
        container |= fields
    around = []
    if service is not None:
        spec = {"ports": service}
        around.append(Manifest({"apiVersion": "v1", "kind": "Service", "spec": spec}, "s.yaml"))
    manifest = Manifest(raw, "d.yaml")
    return Workload(manifest, pod_spec(manifest, lambda *_: None), around)


@pytest.mark.parametrize(
    ("port", "kind"),
    [
        ({"name": "http", "port": 80}, ServiceKind.HTTP),
        ({"name": "grpc-api", "port": 9000}, ServiceKind.HTTP),
        ({"name": "web", "port": 8080}, ServiceKind.HTTP),
        ({"port": 8080}, ServiceKind.HTTP),
        ({"name": "main", "appProtocol": "kubernetes.io/h2c", "port": 5432}, ServiceKind.HTTP),
        ({"name": "tcp-postgres", "port": 5432}, ServiceKind.TCP),
        ({"name": "redis", "port": 6379}, ServiceKind.TCP),
        ({"port": 5432}, ServiceKind.TCP),
        ({"name": "dns", "port": 5353, "protocol": "UDP"}, ServiceKind.TCP),
        ({"name": "http-metrics", "port": 9090}, ServiceKind.WORKER),
        ({"name": "metrics", "port": 9090}, ServiceKind.WORKER),
    ],
)
def test_the_ports_of_its_service_tell_what_it_does(
    port: dict[str, Any], kind: ServiceKind
) -> None:
    assert workload(service=[port]).kind is kind


def test_a_port_for_metrics_beside_one_for_requests() -> None:
    found = workload(service=[{"name": "metrics", "port": 9090}, {"name": "http", "port": 80}])

    assert found.kind is ServiceKind.HTTP


def test_without_a_service_its_own_ports_tell() -> None:
    assert workload([{"name": "http", "containerPort": 8080}]).kind is ServiceKind.HTTP
    assert workload([{"containerPort": 6379}]).kind is ServiceKind.TCP
    assert workload([{"name": "health", "containerPort": 8081}]).kind is ServiceKind.WORKER
    assert workload().kind is ServiceKind.WORKER


def test_a_canary_by_weight_that_is_asked_by_http_serves() -> None:
    probe = {"readinessProbe": {"httpGet": {"path": "/", "port": 8080}}}

    assert workload(base="rollout", **probe).kind is ServiceKind.HTTP
    assert workload(**probe).kind is ServiceKind.WORKER


def test_jobs_are_cron() -> None:
    assert workload(base="job").kind is ServiceKind.CRON


def test_pods_that_are_not_in_view() -> None:
    rollout = objects("rollout")["rollout"]
    missing = UnresolvedReference("Deployment", "elsewhere")

    assert Workload(Manifest(rollout, "r.yaml"), missing).kind is ServiceKind.HTTP
    del rollout["spec"]["strategy"]
    assert Workload(Manifest(rollout, "r.yaml"), missing).kind is ServiceKind.UNKNOWN


@pytest.mark.parametrize(
    ("scaler", "replicas", "fewest"),
    [
        (None, None, 1),
        (None, 3, 3),
        (None, "three", None),
        ({"minReplicas": 4}, 3, 4),
        ({}, 3, 1),
        ({"kind": "ScaledObject", "minReplicaCount": 2}, None, 2),
        ({"kind": "ScaledObject"}, None, 0),
    ],
)
def test_the_fewest_pods(scaler: dict[str, Any] | None, replicas: Any, fewest: int | None) -> None:
    raw = objects("deployment")["deployment"]
    raw["spec"]["replicas"] = replicas
    around = []
    if scaler is not None:
        kind = scaler.pop("kind", "HorizontalPodAutoscaler")
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": raw["metadata"]["name"]}
        spec = scaler | {"scaleTargetRef": target}
        around.append(Manifest({"kind": kind, "spec": spec}, "h.yaml"))

    assert Workload(Manifest(raw, "d.yaml"), None, around).min_replicas == fewest


def test_a_daemonset_runs_as_many_as_there_are_nodes() -> None:
    raw = objects("deployment")["deployment"] | {"kind": "DaemonSet"}

    assert Workload(Manifest(raw, "d.yaml"), None).min_replicas is None
