"""RS-01."""

from __future__ import annotations

import pytest

from tests.policies.paved.cases import GONE, checks, violations, where
from tests.policies.paved.workload import APP, JOBS, LONG_RUNNING, POD, as_kind, pod_path, workload

FULL = {"requests": {"cpu": 1, "memory": "1Mi"}, "limits": {"memory": "1Mi"}}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {f"{APP}.resources.limits.cpu": "1"},
        {f"{APP}.resources.requests.cpu": 1},
        {f"{APP}.resources.requests.cpu": 0.5},
        {f"{APP}.resources.requests.cpu": ".5"},
        {f"{APP}.resources.requests.cpu": "1e3m"},
        {f"{APP}.resources.limits.memory": 128974848},
        {f"{APP}.resources.limits.memory": "5e8"},
        {f"{POD}.initContainers": [{"name": "init", "resources": FULL}]},
        {f"{POD}.containers.1": {"name": "istio-proxy"}},
        {f"{POD}.initContainers": [{"name": "istio-init"}]},
        # what the pod has as a whole serves the containers that say nothing
        {f"{APP}.resources": GONE, f"{POD}.resources": FULL},
        {f"{APP}.resources.limits": GONE, f"{POD}.resources": {"limits": {"memory": "1Mi"}}},
        {"spec.template": GONE, "spec.workloadRef": {"kind": "Deployment", "name": "web"}},
    ],
)
def test_pass(changes):
    assert checks(workload(changes), "RS") == []


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({f"{APP}.resources": GONE}, ["requests.cpu", "requests.memory", "limits.memory"]),
        ({f"{APP}.resources": {}}, ["requests.cpu", "requests.memory", "limits.memory"]),
        ({f"{APP}.resources": "many"}, ["requests.cpu", "requests.memory", "limits.memory"]),
        ({f"{APP}.resources.requests": GONE}, ["requests.cpu", "requests.memory"]),
        ({f"{APP}.resources.limits.memory": GONE}, ["limits.memory"]),
        ({f"{APP}.resources.limits.memory": None}, ["limits.memory"]),
        ({f"{APP}.resources.limits.memory": "0"}, ["limits.memory"]),
        ({f"{APP}.resources.limits.memory": 0}, ["limits.memory"]),
        ({f"{APP}.resources.requests.cpu": "0m"}, ["requests.cpu"]),
        ({f"{APP}.resources.requests.cpu": "0.0"}, ["requests.cpu"]),
        ({f"{APP}.resources.requests.cpu": "0e3"}, ["requests.cpu"]),
        ({f"{APP}.resources.requests.cpu": "-1"}, ["requests.cpu"]),
        ({f"{APP}.resources.requests.cpu": True}, ["requests.cpu"]),
        ({f"{APP}.resources.requests.cpu": "0", f"{POD}.resources": FULL}, ["requests.cpu"]),
        (
            {f"{APP}.resources": GONE, f"{POD}.resources": {"requests": FULL["requests"]}},
            ["limits.memory"],
        ),
        (
            {f"{APP}.resources": GONE, f"{APP}.name": "istio-proxy"},
            ["requests.cpu", "requests.memory", "limits.memory"],
        ),
    ],
)
def test_fail(changes, missing):
    expected = {("RS-01", f"{APP}.resources.{name}") for name in missing}
    assert where(workload(changes), "RS") == expected


@pytest.mark.parametrize("restart_policy", [GONE, "Always"])
def test_init_containers_and_sidecars_too(restart_policy):
    init = {"name": "init", "resources": {"requests": {"cpu": "1"}}}
    if restart_policy is not GONE:
        init["restartPolicy"] = restart_policy
    assert where(workload({f"{POD}.initContainers": [init]}), "RS") == {
        ("RS-01", f"{POD}.initContainers.0.resources.requests.memory"),
        ("RS-01", f"{POD}.initContainers.0.resources.limits.memory"),
    }


@pytest.mark.parametrize(("api_version", "kind"), LONG_RUNNING + JOBS)
def test_every_kind(api_version, kind):
    assert checks(as_kind(api_version, kind), "RS") == []
    spoiled = as_kind(api_version, kind, {f"{APP}.resources.limits": GONE})
    path = f"{pod_path(kind)}.containers.0.resources.limits.memory"
    assert where(spoiled, "RS") == {("RS-01", path)}


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (GONE, "has no resources.limits.memory"),
        ("0", "has resources.limits.memory 0, which is not above zero"),
    ],
)
def test_words(limit, words):
    (violation,) = violations(workload({f"{APP}.resources.limits.memory": limit}), "RS")
    assert violation.message == f"Rollout/web: container app {words}"
    assert violation.details["container"] == "app"
