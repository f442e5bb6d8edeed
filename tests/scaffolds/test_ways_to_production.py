"""A worker, another mesh or none, no Rollouts: what the way to production leaves out, and what stays right."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scaffolds.answers import AWKWARD
from tests.scaffolds.rendering import manifests, one, render
from tests.scaffolds.strict_schemas import faults

WORKER_FILES = {
    "autoscaling.yaml",
    "catalog-info.yaml",
    "dashboard.yaml",
    "deployment.yaml",
    "flags.yaml",
    "monitoring.yaml",
    "networkpolicy.yaml",
    "runbook.md",
    "service.yaml",
    "slo.yaml",
    "tests/slo_test.yaml",
}

each_answer = pytest.mark.parametrize("answers", AWKWARD.values(), ids=AWKWARD)


@each_answer
def test_a_worker_has_nothing_that_only_callers_need(answers: dict[str, Any]) -> None:
    files = render("paved-path", {**answers, "kind": "worker"})
    name = answers.get("name", "checkout")

    expected = {f"services/{name}/{file}" for file in WORKER_FILES} | {f"apps/{name}.yaml"}
    assert set(files) == expected
    objects = manifests(files)
    assert [f"{item['kind']} {fault}" for item in objects for fault in faults(item)] == []
    kinds = {item["kind"] for item in objects}
    assert not kinds & {
        "Service",
        "VirtualService",
        "DestinationRule",
        "Rollout",
        "AnalysisTemplate",
    }
    assert {"Deployment", "PodMonitor", "HorizontalPodAutoscaler"} <= kinds
    # the namespace is in the mesh for its other services; this one's pods stay out
    text = "".join(files.values()).lower().replace("istio-injection", "")
    for foreign in ("http_requests", "istio", "argo rollouts", "canary"):
        assert foreign not in text.replace("sidecar.istio.io/inject", ""), foreign


def test_the_alerts_of_a_worker_pass_their_own_unit_tests(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    files = render("paved-path", {"kind": "worker"})
    rules = one(files, "PrometheusRule")["spec"]
    (tmp_path / "slo.rules.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    (tmp_path / "slo_test.yaml").write_text(files["services/checkout/tests/slo_test.yaml"], "utf-8")

    for command in (["check", "rules", "slo.rules.yaml"], ["test", "rules", "slo_test.yaml"]):
        done = subprocess.run(
            [promtool, *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("mesh", ["nginx", "none"])
def test_without_istio_nothing_of_it_is_left(mesh: str) -> None:
    files = render("paved-path", {"mesh": mesh})

    assert [f"{item['kind']} {fault}" for item in manifests(files) for fault in faults(item)] == []
    pod = one(files, "Rollout")["spec"]["template"]["metadata"]
    assert pod["labels"].pop("sidecar.istio.io/inject") == "false"
    for path, text in files.items():
        if path.startswith("services/"):
            left = text.replace('sidecar.istio.io/inject: "false"', "").lower()
            for foreign in ("istio", "envoy", "outlier"):
                assert foreign not in left, path


def test_every_service_gives_its_namespace_the_same_labels() -> None:
    found = {
        str(
            one(render("paved-path", answers), "Application")["spec"]["syncPolicy"][
                "managedNamespaceMetadata"
            ]
        )
        for answers in ({}, {"mesh": "nginx"}, {"mesh": "none"}, {"kind": "worker"})
    }
    assert len(found) == 1


def test_nginx_splits_by_two_services_and_ends_what_takes_too_long() -> None:
    files = render("paved-path", {"mesh": "nginx", "timeout_ms": "2500", "retries": "2"})
    canary = one(files, "Rollout")["spec"]["strategy"]["canary"]
    ingress = one(files, "Ingress")
    key = "nginx.ingress.kubernetes.io/proxy-"

    assert canary["trafficRouting"] == {"nginx": {"stableIngress": ingress["metadata"]["name"]}}
    assert {canary["stableService"], canary["canaryService"]} == {
        item["metadata"]["name"] for item in manifests(files) if item["kind"] == "Service"
    }
    limits = {
        name.removeprefix(key): value for name, value in ingress["metadata"]["annotations"].items()
    }
    assert limits == {
        "connect-timeout": "1",
        "send-timeout": "3",
        "read-timeout": "3",
        "next-upstream": "error",
        "next-upstream-tries": "3",
        "next-upstream-timeout": "3",
    }
    (backend,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert backend["backend"]["service"]["name"] == canary["stableService"]


@pytest.mark.parametrize(("first", "pods"), [("20", 5), ("10", 10), ("5", 20)])
def test_without_a_router_there_are_enough_pods_for_the_first_step(first: str, pods: int) -> None:
    files = render("paved-path", {"mesh": "none", "first_weight": first, "peak": "6"})
    scaler = one(files, "HorizontalPodAutoscaler")["spec"]

    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (pods, 6 * pods)
    assert "trafficRouting" not in one(files, "Rollout")["spec"]["strategy"]["canary"]


@pytest.mark.parametrize(("mesh", "limit"), [("istio", None), ("nginx", "3000"), ("none", "3000")])
def test_where_no_mesh_does_it_the_service_ends_its_requests(mesh: str, limit: str | None) -> None:
    pod = one(render("paved-path", {"mesh": mesh}), "Rollout")["spec"]["template"]["spec"]
    variables = {item["name"]: item["value"] for item in pod["containers"][0]["env"]}

    assert variables.get("REQUEST_TIMEOUT_MS") == limit
    assert '"REQUEST_TIMEOUT_MS"' in render("python-api/service")["app/settings.py"]


@pytest.mark.parametrize("mesh", ["istio", "nginx", "none"])
def test_without_rollouts_nothing_of_a_canary_is_left(mesh: str) -> None:
    files = render("paved-path", {"rollouts": False, "mesh": mesh})

    assert "services/checkout/rollout.yaml" not in files
    assert "services/checkout/analysis.yaml" not in files
    for path, text in files.items():
        for foreign in (
            "rollouts-pod-template-hash",
            "argo rollouts status",
            "kind: Rollout",
            "subset",
        ):
            assert foreign not in text, (path, foreign)
    assert [faults(item) for item in manifests(files)] == [[]] * len(manifests(files))
    deployment = one(files, "Deployment")
    assert deployment["spec"]["strategy"] == {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    scaler = one(files, "HorizontalPodAutoscaler")["spec"]
    assert (scaler["scaleTargetRef"]["kind"], scaler["minReplicas"]) == ("Deployment", 3)
    names = [item["metadata"]["name"] for item in manifests(files) if item["kind"] == "Service"]
    assert names == ["checkout"]


def test_without_rollouts_the_release_replaces_the_image_of_the_deployment() -> None:
    workflow = render("service-base", {"rollouts": False})[".github/workflows/ci.yaml"]

    assert "services/checkout/deployment.yaml" in workflow
    assert "rollout" not in workflow
    readme = render("go-api/service", {"rollouts": False})["README.md"]
    assert "Argo CD brings it to all pods" in readme
