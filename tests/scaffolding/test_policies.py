from __future__ import annotations

from pathlib import Path

import pytest

from flagstone.core.models import JobLine
from flagstone.scaffolding import pipeline
from flagstone.scaffolding.policies import policies

pytestmark = pytest.mark.django_db(transaction=True)

POLICY = """\
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: fewreplicas
spec:
  crd:
    spec:
      names: {kind: FewReplicas}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package fewreplicas
        violation[{"msg": msg}] {
          input.review.object.spec.replicas > 2
          msg := sprintf("%d replicas are more than 2.", [input.review.object.spec.replicas])
        }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: FewReplicas
metadata:
  name: few-replicas
spec:
  enforcementAction: deny
  match:
    kinds:
      - apiGroups: [apps]
        kinds: [Deployment]
"""


@pytest.fixture
def policy(scaffolds, settings) -> Path:
    folder = Path(settings.FLAGSTONE_SCORECARDS_DIR) / "policies"
    folder.mkdir(parents=True)
    (folder / "few.yaml").write_text(POLICY)
    return folder / "few.yaml"


@pytest.fixture
def execute(request_run):
    def execute(**answers):
        run = request_run(**answers)
        pipeline.execute(run.pk)
        run.refresh_from_db()
        return run

    return execute


def lines(run):
    return list(JobLine.objects.filter(job_id=run.job_id).values_list("level", "text"))


def test_what_a_policy_denies_is_not_written(policy, execute, root):
    run = execute(replicas=3)
    assert (run.state, run.error_code, run.undone) == ("failed", "scaffold.policy_denied", [])
    assert run.error == (
        "A policy denies what the scaffold wrote. services/checkout/deployment.yaml: "
        "Deployment/shop/checkout: 3 replicas are more than 2 (fewreplicas)."
    )
    assert not (root / "acme/checkout.git").exists()


def test_what_it_allows_is(policy, execute):
    run = execute(replicas=2)
    assert run.state == "waiting"
    assert (
        "info",
        "Checked against 1 policies of the cluster: 1 Kubernetes objects, none denied.",
    ) in lines(run)


@pytest.mark.parametrize("action", ["warn", "dryrun"])
def test_what_is_not_enforced_is_only_said(policy, execute, action):
    policy.write_text(POLICY.replace("enforcementAction: deny", f"enforcementAction: {action}"))
    run = execute(replicas=3)
    assert run.state == "waiting"
    text = (
        "services/checkout/deployment.yaml: Deployment/shop/checkout: "
        "3 replicas are more than 2 (fewreplicas)."
    )
    assert ("warning", text) in lines(run)


def test_a_broken_policy_is_no_yes(policy, execute):
    policy.write_text(POLICY.replace("violation[", "violation("))
    run = execute()
    assert (run.state, run.error_code) == ("failed", "policy.broken")
    assert "few.yaml" in run.error


def test_policies_are_loaded_once_and_again_when_a_file_changes(policy):
    first = policies()
    assert policies() is first
    assert len(first.policies) == 1
    policy.write_text(POLICY + "# changed\n")
    assert policies() is not first


def test_no_folder_is_no_policy(scaffolds):
    assert policies().policies == ()
