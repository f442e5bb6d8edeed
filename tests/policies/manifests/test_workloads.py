"""Workloads and their containers."""

from __future__ import annotations

import pytest
import yaml

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.workloads import (
    PodSpec,
    UnresolvedReference,
    is_workload,
    pod_spec,
    pod_template_keys,
    referenced_workload,
    template_problem,
)

POD = """
containers:
  - {name: app, image: a}
  - {name: istio-proxy, image: b}
  - text
initContainers:
  - {name: prepare}
  - {name: log, restartPolicy: Always}
"""


def manifest(api_version, kind, spec, **metadata):
    raw = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "web", **metadata}}
    return Manifest({**raw, "spec": spec}, "a.yaml")


def template(pod=POD, **metadata):
    return {"template": {"metadata": metadata, "spec": yaml.safe_load(pod)}}


def nothing(*_identity):
    return None


@pytest.mark.parametrize(
    ("api_version", "kind", "spec", "keys"),
    [
        ("apps/v1", "Deployment", template(), ("spec", "template", "spec")),
        ("apps/v1", "StatefulSet", template(), ("spec", "template", "spec")),
        ("apps/v1", "DaemonSet", template(), ("spec", "template", "spec")),
        ("apps/v1", "ReplicaSet", template(), ("spec", "template", "spec")),
        ("extensions/v1beta1", "Deployment", template(), ("spec", "template", "spec")),
        ("argoproj.io/v1alpha1", "Rollout", template(), ("spec", "template", "spec")),
        ("batch/v1", "Job", template(), ("spec", "template", "spec")),
        (
            "batch/v1",
            "CronJob",
            {"jobTemplate": {"spec": template()}},
            ("spec", "jobTemplate", "spec", "template", "spec"),
        ),
        ("v1", "Pod", yaml.safe_load(POD), ("spec",)),
    ],
)
def test_where_the_pods_are(api_version, kind, spec, keys):
    workload = manifest(api_version, kind, spec)
    assert is_workload(workload)
    pods = pod_spec(workload, nothing)
    assert pods.keys == keys
    assert pods.holder is workload
    assert [(c.name, c.role, c.keys) for c in pods.containers] == [
        ("app", "app", (*keys, "containers", 0)),
        ("istio-proxy", "app", (*keys, "containers", 1)),
        ("prepare", "init", (*keys, "initContainers", 0)),
        ("log", "sidecar", (*keys, "initContainers", 1)),
    ]


@pytest.mark.parametrize(
    ("api_version", "kind"), [("v1", "Service"), ("example.com/v1", "Deployment"), ("v1", "Job")]
)
def test_what_is_no_workload(api_version, kind):
    other = manifest(api_version, kind, template())
    assert not is_workload(other)
    assert pod_spec(other, nothing) is None


def test_what_a_controller_made_is_not_a_workload_of_its_own():
    owned = manifest("apps/v1", "ReplicaSet", template(), ownerReferences=[{"kind": "Deployment"}])
    assert not is_workload(owned)


def test_labels_of_the_pods():
    spec = template(labels={"app": "web", "v": 2}, annotations={"a": "b"})
    pods = pod_spec(manifest("apps/v1", "Deployment", spec), nothing)
    assert pods.labels == {"app": "web", "v": "2"}
    assert pods.annotations == {"a": "b"}


def test_injected_containers_are_exempt_only_beside_another():
    pods = pod_spec(manifest("apps/v1", "Deployment", template()), nothing)
    assert [c.name for c in pods.own_app_containers()] == ["app"]
    alone = template("containers: [{name: istio-proxy}]")
    gateway = pod_spec(manifest("apps/v1", "Deployment", alone), nothing)
    assert [c.name for c in gateway.own_app_containers()] == ["istio-proxy"]


class TestWorkloadReference:
    TARGET = manifest("apps/v1", "Deployment", template(), namespace="pay")
    REFERENCE = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}

    def find(self, *identity):
        return self.TARGET if identity == self.TARGET.identity else None

    def rollout(self, spec, namespace="pay"):
        return manifest("argoproj.io/v1alpha1", "Rollout", spec, namespace=namespace)

    def test_the_pods_are_those_of_the_target(self):
        rollout = self.rollout({"workloadRef": self.REFERENCE})
        pods = pod_spec(rollout, self.find)
        assert isinstance(pods, PodSpec)
        assert pods.holder is self.TARGET
        assert referenced_workload(rollout, self.find) is self.TARGET

    def test_a_pod_template_lends_its_pods(self):
        raw = {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "web"}}
        lender = Manifest({**raw, **template(labels={"app": "web"})}, "a.yaml")
        reference = {"apiVersion": "v1", "kind": "PodTemplate", "name": "web"}
        pods = pod_spec(self.rollout({"workloadRef": reference}), lambda *_: lender)
        assert isinstance(pods, PodSpec)
        assert (pods.holder, pods.keys) == (lender, ("template", "spec"))
        assert pods.labels == {"app": "web"}
        assert pod_template_keys(lender) == ("template",)
        assert not is_workload(lender)

    @pytest.mark.parametrize("namespace", ["other", ""])
    def test_a_target_elsewhere_is_not_known(self, namespace):
        found = pod_spec(self.rollout({"workloadRef": self.REFERENCE}, namespace), self.find)
        assert found == UnresolvedReference("Deployment", "web")
        assert found.reason == "workloadRef names Deployment/web, which is not in what was read"

    def test_a_template_of_its_own_wins(self):
        rollout = self.rollout({"workloadRef": self.REFERENCE, **template()})
        assert pod_spec(rollout, self.find).holder is rollout

    def test_neither_template_nor_reference(self):
        assert pod_spec(self.rollout({}), self.find) is None

    def test_a_reference_to_itself_ends(self):
        reference = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web"}
        rollout = self.rollout({"workloadRef": reference})
        assert pod_spec(rollout, lambda *_: rollout) is None


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        ({"httpGet": {"path": "/", "port": 80}}, True),
        ({"tcpSocket": {"port": 80}, "periodSeconds": 3}, True),
        ({"exec": {"command": ["true"]}}, True),
        ({"grpc": {"port": 9}}, True),
        ({}, False),
        (None, False),
        ({"periodSeconds": 3}, False),
        ({"httpGet": {}}, False),
        ({"httpGet": {"port": 80}, "exec": {"command": ["true"]}}, False),
        ("text", False),
    ],
)
def test_a_probe_needs_exactly_one_real_handler(probe, expected):
    spec = {"template": {"spec": {"containers": [{"name": "a", "livenessProbe": probe}]}}}
    (container,) = pod_spec(manifest("apps/v1", "Deployment", spec), nothing).containers
    assert container.has_probe("livenessProbe") is expected
    assert container.has_probe("readinessProbe") is False


def test_resources_as_written():
    raw = {"name": 3, "image": None, "resources": {"limits": {"cpu": "1"}, "requests": "x"}}
    spec = {"template": {"spec": {"containers": [raw]}}}
    (container,) = pod_spec(manifest("apps/v1", "Deployment", spec), nothing).containers
    assert container.resource("limits", "cpu") == "1"
    assert container.resource("requests", "cpu") is None
    assert (container.name, container.image) == ("", "")


@pytest.mark.parametrize(
    ("pod", "problem"),
    [
        ("containers: [{name: app}]", ""),
        ("containers: {app: {image: a}}", "is not a list of containers"),
        ("containers: [{name: app}, text]", "is not a list of containers"),
        ("containers: []", "is not a list of containers"),
        ("initContainers: [{name: app}]", "is missing"),
    ],
)
def test_a_workload_without_containers_is_a_problem(pod, problem):
    said = template_problem(manifest("apps/v1", "Deployment", template(pod)))
    place = "Deployment/web has no pods: spec.template.spec.containers"
    assert said == (problem and f"{place} {problem}, the API server refuses it")


def test_what_has_no_template_of_its_own_is_no_problem():
    assert template_problem(manifest("v1", "Service", {})) == ""
    borrowed = {"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}
    assert template_problem(manifest("argoproj.io/v1alpha1", "Rollout", borrowed)) == ""
    assert "is missing" in template_problem(manifest("argoproj.io/v1alpha1", "Rollout", {}))
