"""SC-01: the restricted Pod Security Standard."""

from __future__ import annotations

import pytest

from tests.policies.paved.cases import GONE, checks, violations, where
from tests.policies.paved.workload import (
    APP,
    JOBS,
    LONG_RUNNING,
    POD,
    as_kind,
    pod_path,
    workload,
)

OWN = f"{APP}.securityContext"
PODS = f"{POD}.securityContext"
RESTRICTED = {
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {f"{OWN}.readOnlyRootFilesystem": True},
        {f"{OWN}.runAsUser": 1000},
        {f"{OWN}.capabilities.add": ["NET_BIND_SERVICE"]},
        {f"{OWN}.capabilities.drop": ["NET_RAW", "ALL"]},
        {PODS: GONE, OWN: RESTRICTED},
        {f"{PODS}.runAsNonRoot": False, f"{OWN}.runAsNonRoot": True},
        {f"{PODS}.runAsUser": 0, f"{OWN}.runAsUser": 1000},
        {f"{OWN}.runAsNonRoot": None},
        {f"{OWN}.seccompProfile": {"type": "Localhost", "localhostProfile": "p.json"}},
        {f"{PODS}.seccompProfile": {"type": "Unconfined"}, OWN: RESTRICTED},
        {f"{OWN}.privileged": False},
        {f"{POD}.initContainers": [{"name": "istio-init"}]},
        {f"{POD}.os": {"name": "windows"}, OWN: GONE},
        {f"{POD}.nodeSelector": {"kubernetes.io/os": "windows"}, OWN: GONE},
        {"spec.template": GONE, "spec.workloadRef": {"kind": "Deployment", "name": "web"}},
    ],
)
def test_pass(changes):
    assert checks(workload(changes), "SC") == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({f"{PODS}.runAsNonRoot": GONE}, "runAsNonRoot"),
        ({f"{OWN}.runAsNonRoot": False}, "runAsNonRoot"),
        ({f"{OWN}.runAsNonRoot": "true"}, "runAsNonRoot"),
        ({f"{OWN}.runAsUser": 0}, "runAsUser"),
        ({f"{PODS}.runAsUser": 0}, "runAsUser"),
        ({f"{OWN}.privileged": True}, "privileged"),
        ({f"{OWN}.allowPrivilegeEscalation": GONE}, "allowPrivilegeEscalation"),
        ({f"{OWN}.allowPrivilegeEscalation": True}, "allowPrivilegeEscalation"),
        ({f"{OWN}.capabilities": GONE}, "capabilities.drop"),
        ({f"{OWN}.capabilities.drop": ["NET_RAW"]}, "capabilities.drop"),
        ({f"{OWN}.capabilities.drop": "ALL"}, "capabilities.drop"),
        ({f"{OWN}.capabilities.add": ["NET_BIND_SERVICE", "SYS_ADMIN"]}, "capabilities.add"),
        ({f"{PODS}.seccompProfile": GONE}, "seccompProfile"),
        ({f"{OWN}.seccompProfile": {"type": "Unconfined"}}, "seccompProfile"),
        ({f"{PODS}.seccompProfile": {}}, "seccompProfile"),
    ],
)
def test_fail(changes, field):
    assert where(workload(changes), "SC") == {("SC-01", f"{OWN}.{field}")}


def test_every_container():
    changes = {
        f"{POD}.containers.1": {"name": "side", "securityContext": RESTRICTED},
        f"{POD}.initContainers": [
            {"name": "init", "securityContext": {**RESTRICTED, "privileged": True}}
        ],
    }
    assert where(workload(changes), "SC") == {
        ("SC-01", f"{POD}.initContainers.0.securityContext.privileged")
    }


@pytest.mark.parametrize(("api_version", "kind"), LONG_RUNNING + JOBS)
def test_every_kind(api_version, kind):
    assert checks(as_kind(api_version, kind), "SC") == []
    spoiled = as_kind(api_version, kind, {f"{OWN}.privileged": True})
    path = f"{pod_path(kind)}.containers.0.securityContext.privileged"
    assert where(spoiled, "SC") == {("SC-01", path)}


def test_words():
    (violation,) = violations(workload({f"{OWN}.capabilities.add": ["SYS_ADMIN", "CHOWN"]}), "SC")
    assert violation.message == (
        "Rollout/web: container app adds the capabilities CHOWN, SYS_ADMIN; "
        "only NET_BIND_SERVICE may be added"
    )
