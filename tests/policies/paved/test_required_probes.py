"""PB-01 and PB-02."""

from __future__ import annotations

import pytest

from tests.policies.paved.cases import GONE, checks, violations, where
from tests.policies.paved.workload import APP, JOBS, LONG_RUNNING, POD, as_kind, pod_path, workload

HTTP = {"httpGet": {"port": 80}}
SECOND = {"name": "side", "readinessProbe": HTTP, "livenessProbe": HTTP}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {f"{APP}.readinessProbe": {"tcpSocket": {"port": 80}}},
        {f"{APP}.livenessProbe": {"exec": {"command": ["true"]}}},
        {f"{APP}.livenessProbe": {"grpc": {"port": 9}, "periodSeconds": 5}},
        {f"{POD}.containers.1": SECOND},
        {f"{POD}.containers.1": {"name": "istio-proxy"}},
        {f"{POD}.containers.1": {"name": "flagd"}},
        {f"{POD}.initContainers": [{"name": "init"}]},
        {f"{POD}.initContainers": [{"name": "sidecar", "restartPolicy": "Always"}]},
        {f"{POD}.ephemeralContainers": [{"name": "debug"}]},
        {"metadata.labels": {"flagstone.dev/workload": "worker"}, f"{APP}.readinessProbe": GONE},
        # the workload that it names is reviewed itself
        {"spec.template": GONE, "spec.workloadRef": {"kind": "Deployment", "name": "web"}},
        {"metadata.namespace": "kube-system", APP: {"name": "app"}},
        {"metadata.namespace": "istio-system", APP: {"name": "app"}},
    ],
)
def test_pass(changes):
    assert checks(workload(changes), "PB") == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({f"{APP}.readinessProbe": GONE}, {("PB-01", f"{APP}.readinessProbe")}),
        ({f"{APP}.livenessProbe": GONE}, {("PB-02", f"{APP}.livenessProbe")}),
        (
            {f"{APP}.readinessProbe": GONE, f"{APP}.livenessProbe": GONE},
            {("PB-01", f"{APP}.readinessProbe"), ("PB-02", f"{APP}.livenessProbe")},
        ),
        ({f"{APP}.readinessProbe": {}}, {("PB-01", f"{APP}.readinessProbe")}),
        ({f"{APP}.livenessProbe": None}, {("PB-02", f"{APP}.livenessProbe")}),
        ({f"{APP}.livenessProbe": {"periodSeconds": 5}}, {("PB-02", f"{APP}.livenessProbe")}),
        ({f"{APP}.livenessProbe": {"httpGet": {}}}, {("PB-02", f"{APP}.livenessProbe")}),
        ({f"{APP}.readinessProbe": {"httpGet": None}}, {("PB-01", f"{APP}.readinessProbe")}),
        ({f"{APP}.readinessProbe": "yes"}, {("PB-01", f"{APP}.readinessProbe")}),
        (
            {f"{APP}.readinessProbe": {**HTTP, "tcpSocket": {"port": 80}}},
            {("PB-01", f"{APP}.readinessProbe")},
        ),
        (
            {f"{POD}.containers.1": {"name": "side", "livenessProbe": HTTP}},
            {("PB-01", f"{POD}.containers.1.readinessProbe")},
        ),
        # exempt by name only beside a container of its own
        (
            {APP: {"name": "istio-proxy"}},
            {("PB-01", f"{APP}.readinessProbe"), ("PB-02", f"{APP}.livenessProbe")},
        ),
        # a worker has to show that it lives
        (
            {"metadata.labels": {"flagstone.dev/workload": "worker"}, f"{APP}.livenessProbe": GONE},
            {("PB-02", f"{APP}.livenessProbe")},
        ),
        (
            {"metadata.labels": {"flagstone.dev/workload": "http"}, f"{APP}.readinessProbe": GONE},
            {("PB-01", f"{APP}.readinessProbe")},
        ),
        # with both, its own template is what counts
        (
            {"spec.workloadRef": {"name": "web"}, f"{APP}.livenessProbe": GONE},
            {("PB-02", f"{APP}.livenessProbe")},
        ),
    ],
)
def test_fail(changes, expected):
    assert where(workload(changes), "PB") == expected


@pytest.mark.parametrize(("api_version", "kind"), LONG_RUNNING)
def test_every_long_running_kind(api_version, kind):
    assert checks(as_kind(api_version, kind), "PB") == []
    spoiled = as_kind(api_version, kind, {f"{APP}.livenessProbe": GONE})
    assert where(spoiled, "PB") == {("PB-02", f"{pod_path(kind)}.containers.0.livenessProbe")}


@pytest.mark.parametrize(("api_version", "kind"), JOBS)
def test_what_ends_by_itself_needs_none(api_version, kind):
    assert checks(as_kind(api_version, kind, {APP: {"name": "app"}}), "PB") == []


def test_a_pod_that_ends_by_itself_needs_none():
    pod = as_kind("v1", "Pod", {APP: {"name": "app"}, f"{POD}.restartPolicy": "Never"})
    assert checks(pod, "PB") == []


def test_what_a_controller_made_is_judged_at_the_controller():
    pod = as_kind("v1", "Pod", {APP: {"name": "app"}})
    assert checks(pod, "PB") == ["PB-01", "PB-02"]
    pod.metadata["ownerReferences"] = [{"kind": "ReplicaSet"}]
    assert checks(pod, "PB") == []


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (GONE, "has no livenessProbe"),
        ({}, "has a livenessProbe without httpGet, tcpSocket, exec or grpc"),
        ({**HTTP, "grpc": {"port": 9}}, "has a livenessProbe with more than one handler"),
    ],
)
def test_words(probe, words):
    (violation,) = violations(workload({f"{APP}.livenessProbe": probe}), "PB")
    assert violation.message == f"Rollout/web: container app {words}"
    assert violation.details["container"] == "app"
    assert violation.policy == "flagstonerequiredprobes"
    assert violation.enforcement == "deny"
