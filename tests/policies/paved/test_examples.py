"""The policies on whole manifests: the paved path passes, the case study it grew out of does not."""

from __future__ import annotations

import pytest

from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.reading import read_folder
from tests.corpora import design_example
from tests.policies.paved.cases import shipped


def findings(folder, policies=None):
    return sorted(
        (m.path, v.details["check"], m.line(*v.details["path"]), v.message)
        for m in read_folder(folder).manifests
        for v in (policies or shipped()).evaluate(m)
    )


def test_the_paved_path_passes():
    assert findings(design_example("k8s/base")) == []
    assert findings(design_example("k8s")) == []


def test_the_case_study_is_caught_and_each_finding_has_its_line():
    found = findings(design_example("case-study"))
    assert [(path, check, line) for path, check, line, _ in found] == [
        ("checkout-rollout.yaml", "IM-01", 16),
        ("checkout-rollout.yaml", "PB-02", 15),
        ("checkout-rollout.yaml", "RO-08", 19),
        ("checkout-rollout.yaml", "RS-01", 15),
        ("checkout-rollout.yaml", "RS-01", 15),
        ("checkout-rollout.yaml", "RS-01", 15),
        ("checkout-rollout.yaml", "SC-01", 15),
        ("checkout-rollout.yaml", "SC-01", 15),
        ("checkout-rollout.yaml", "SC-01", 15),
        ("checkout-rollout.yaml", "SC-01", 15),
        ("destinationrule-checkout.yaml", "DR-01", 13),
        ("destinationrule-checkout.yaml", "DR-02", 17),
        ("destinationrule-checkout.yaml", "DR-04", 13),
    ]
    assert found[1][3] == "Rollout/checkout: container app has no livenessProbe"
    assert found[10][3] == (
        "DestinationRule/partner-gateway does not bound connectionPool.http.http2MaxRequests; "
        "the default is no bound"
    )


@pytest.mark.parametrize(
    ("present", "caught"),
    [((), True), (("livenessProbe",), False), (("readinessProbe",), False)],
    ids=["both missing", "readiness missing", "liveness missing"],
)
def test_the_case_studys_own_policy_is_run_as_it_is_mistakes_and_all(present, caught):
    """Its two `not` in one body are an AND, so it finds only what lacks both probes."""
    theirs = PolicySet.load(design_example("case-study"))
    assert theirs.errors == ()
    container = {"name": "app", **{probe: {"httpGet": {"port": 80}} for probe in present}}
    (rollout,) = [
        m for m in read_folder(design_example("case-study")).manifests if m.kind == "Rollout"
    ]
    deployment = type(rollout)(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "pay"},
            "spec": {"template": {"spec": {"containers": [container]}}},
        },
        "web.yaml",
    )
    assert bool(theirs.evaluate(deployment)) is caught
    assert len(shipped().evaluate(deployment)) > len(present)
    # it never looks at the kind that the services are
    assert theirs.evaluate(rollout) == []


def test_every_policy_stands_in_one_file_with_its_template_and_one_constraint():
    assert sorted(policy.constraint.name for policy in shipped().policies) == [
        "canary-strategy",
        "circuit-breaker",
        "container-security",
        "finite-retries",
        "image-pinning",
        "required-probes",
        "required-resources",
    ]
    for policy in shipped().policies:
        assert policy.constraint.manifest.path == f"{policy.constraint.name}.yaml"
        assert policy.constraint.enforcement == "deny"
        assert policy.name == f"flagstone{policy.constraint.name.replace('-', '')}"
