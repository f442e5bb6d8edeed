"""The verified examples of the design pass; the snippets of the case study are caught."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from flagstone.core.content import CHECKOUT
from flagstone.policies.manifests.reading import read_files
from flagstone.scorecards.engine.checks.mesh.virtual_services import HostParams
from flagstone.scorecards.engine.definition import Rule, Scorecard
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.reporting.report import ServiceReport
from flagstone.scorecards.engine.states import State
from tests.corpora import design_example
from tests.scorecards.engine.samples import (
    NOW,
    policies,
    production_readiness,
    score,
    service,
    verdict,
)

FOLDER = "services/checkout"
ENTITY = (
    b"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: checkout}\n"
    b"spec: {type: service, lifecycle: production, owner: payments}\n"
)
# The design's examples have Argo CD's own settings only.
ROLLOUT_NOTIFICATIONS = b"""
apiVersion: v1
kind: ConfigMap
metadata: {name: argo-rollouts-notification-configmap, namespace: argo-rollouts}
data:
  service.slack: "token: $slack-token"
  template.told: "message: told"
  trigger.on-rollout-aborted: "- send: [told]"
  trigger.on-analysis-run-failed: "- send: [told]"
"""
CAUGHT = """
PB-02 RS-01 RO-05 RO-08 RO-14 RO-15 RO-16 AC-03 AC-06 NS-01 VS-01 DR-01 DR-02 DR-04 DR-05 HP-01 PD-03
SC-01 SC-02 SC-04 IM-01 PR-02 PR-03 PR-04 PR-05 PR-06 PR-07 PR-09 PR-11 PR-12 SM-01
SY-01 SY-02 SY-03 SY-04 SY-07 SY-08 RB-01 RB-02 RB-03
AC-09 AC-11
GK-01 GK-04 GK-06 GK-07 GK-09
RB-04 CH-01
"""


def with_partner() -> Scorecard:
    """The scorecard of a platform that knows the partner's gateway, which is in no repository."""
    card = production_readiness()
    known = HostParams(known_hosts=("partner-gateway.prod.svc.cluster.local",))
    rules = tuple(
        Rule(rule.check, rule.level, rule.weight, known) if rule.check.id == "VS-06" else rule
        for rule in card.rules
    )
    return Scorecard(card.name, card.title, card.description, card.levels, rules)


def verified(*, rendered: bool) -> dict[str, bytes]:
    """The example service as it would lie in a GitOps repository."""
    parts = {"k8s/base": "base", "observability": "observability"}
    names = {
        "observability": (
            "prometheusrule.yaml",
            "servicemonitor.yaml",
            "dashboard-configmap.yaml",
            "rules.generated.yaml",
            "rules_test.yaml",
        )
    }
    files = {f"{FOLDER}/catalog-info.yaml": ENTITY}
    for source, target in parts.items():
        for path in design_example(source).glob("*.yaml"):
            if path.name in names.get(source, (path.name,)):
                files[f"{FOLDER}/{target}/{path.name}"] = path.read_bytes()
    if rendered:
        overlay = design_example("k8s/overlays/prod") / "kustomization.yaml"
        files[f"{FOLDER}/overlays/prod/kustomization.yaml"] = overlay.read_bytes()
    else:
        del files[f"{FOLDER}/base/kustomization.yaml"]
    files[f"{FOLDER}/runbook.md"] = design_example("runbook.md").read_bytes()
    terraform = design_example("terraform")
    for path in (terraform / "main.tf", terraform / "canary" / "api_canary.js"):
        files[f"{FOLDER}/synthetics/{path.relative_to(terraform)}"] = path.read_bytes()
    for name in ("application.yaml", "appproject.yaml", "notifications.yaml"):
        files[f"argocd/{name}"] = design_example(f"argocd/{name}").read_bytes()
    for name in ("pr-gate.yml", "review-sla.yml"):
        files[f".github/workflows/{name}"] = design_example(f"ci/{name}").read_bytes()
    files["CODEOWNERS"] = b"/.github/ @acme/platform\n"
    files["argocd/rollouts-notifications.yaml"] = ROLLOUT_NOTIFICATIONS
    for path in design_example("chaos").iterdir():
        files[f"chaos/{path.name}"] = path.read_bytes()
    if not rendered:  # the overlay that the Application deploys needs kustomize
        application = files["argocd/application.yaml"]
        files["argocd/application.yaml"] = application.replace(b"/overlays/prod", b"/base")
    files[f"{FOLDER}/flags/featureflag.yaml"] = design_example(
        "flags/featureflag.yaml"
    ).read_bytes()
    rollout = f"{FOLDER}/base/rollout.yaml"
    files[rollout] = files[rollout].replace(_OF_PODS, _OF_PODS + _GET_FLAGS, 1)
    return files


_OF_PODS = b"\n      annotations:"
_GET_FLAGS = (
    b'\n        openfeature.dev/enabled: "true"'
    b"\n        openfeature.dev/featureflagsource: checkout-flags"
)


@pytest.mark.parametrize("rendered", [False, True], ids=["plain", "kustomize"])
def test_the_verified_service_is_gold(*, rendered: bool) -> None:
    snapshot = read_files(verified(rendered=rendered), render=rendered)
    if snapshot.unrendered:
        pytest.skip(snapshot.unrendered[0].reason)

    found = service(evaluate(snapshot, with_partner(), policies(), now=NOW))

    bad = {c.id: c.summary for c in found.checks if not _good(c.state)}
    assert bad == {
        "CI-04": "actions/checkout@v5 is pinned to a tag, which can be moved: pin it to a commit"
    }
    assert (found.score, found.level, found.coverage) == (100, "gold", 1.0)
    silent = {c.id for c in found.checks if c.state is State.NOT_APPLICABLE}
    policies_lie_elsewhere = {check for check in silent if check.startswith("GK-")}
    no_programs = {
        "FF-01",
        "FF-06",
        "FF-09",
    }  # it is a GitOps repository, and declares no dependency
    prometheus_lies_elsewhere = {"PR-10", "SM-04"}
    silent -= policies_lie_elsewhere | no_programs | prometheus_lies_elsewhere
    assert silent == {"IN-01", "IN-02", "IN-03", "RO-12", "RB-06", "AC-12"}


def _good(state: State) -> bool:
    return state in {State.PASS, State.NOT_APPLICABLE}


def test_a_host_that_nobody_knows_is_no_data() -> None:
    found = verdict(score(verified(rendered=False)), "VS-06")

    assert found.state is State.NO_DATA
    assert "partner-gateway.prod" in found.summary


def case_study() -> dict[str, bytes]:
    folder = design_example("case-study")
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in {".yaml", ".tf"}
    }


def failing(found: ServiceReport) -> set[str]:
    return {check.id for check in found.in_state(State.FAIL)}


def test_the_table_of_mistakes_names_all_that_is_caught_and_nothing_else() -> None:
    page = (CHECKOUT / "docs" / "explanation" / "case-study.md").read_text("utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ")]
    named = {
        check for row in rows if len(row) == 3 for check in re.findall(r"[A-Z]{2}-\d\d", row[1])
    }

    assert named == set(CAUGHT.split())


def test_the_case_study_is_caught() -> None:
    found = service(score(case_study()))

    assert failing(found) == set(CAUGHT.split())
    assert (found.name, found.level) == ("checkout", None)


@pytest.mark.parametrize(
    ("check_id", "path", "words"),
    [
        ("RO-05", "checkout-rollout.yaml", "AnalysisTemplate http-success-rate does not exist"),
        ("RO-08", "checkout-rollout.yaml", "no traffic router"),
        ("DR-05", "destinationrule-checkout.yaml", "the field is called consecutive5xxErrors"),
        ("DR-05", "destinationrule-checkout.yaml", "retries is no field of DestinationRule"),
        ("PR-07", "prometheusrule-slo-burn.yaml", "compares one window only"),
        ("PR-09", "prometheusrule-slo-burn.yaml", "'critical'"),
        ("AC-03", "app-checkout.yaml", "weights of a canary"),
        ("AC-06", "app-checkout.yaml", "without a mesh label"),
        ("SY-01", "synthetics.tf", "syn-nodejs-puppeteer-3.9 is deprecated since 2024-01-08"),
        ("SY-02", "synthetics.tf", "neither zip_file nor s3_bucket"),
        ("SY-03", "synthetics.tf", "start_canary is missing"),
        ("SY-04", "synthetics.tf", "no alarm watches it"),
        ("SY-07", "synthetics.tf", "aws_iam_role.synthetics is not defined"),
        ("SY-08", "synthetics.tf", "'synthetics-artifacts' is a literal name"),
        (
            "GK-06",
            "template-ensure-probes.yaml",
            "liveness probe missing (Deployment): 0 violations, expected 1",
        ),
        ("GK-06", "template-ensure-probes.yaml", "stand in one rule body"),
        ("GK-06", "template-ensure-probes.yaml", "readiness probe is {}"),
        ("GK-04", "template-ensure-probes.yaml", "does not look at Rollout (argoproj.io)"),
        ("VS-01", "checkout-rollout.yaml", "no VirtualService routes to checkout"),
    ],
)
def test_a_mistake_of_the_case_study_is_named_where_it_is(
    check_id: str, path: str, words: str
) -> None:
    findings = verdict(score(case_study()), check_id).findings

    assert [f for f in findings if f.path == path and words in f.message and f.line], findings


def test_a_snippet_alone_is_caught_too() -> None:
    name = "destinationrule-checkout.yaml"
    report = score({name: Path(design_example("case-study"), name).read_bytes()})

    (found,) = report.services
    assert (found.name, found.ref) == (
        "partner-gateway",
        "DestinationRule/payments/partner-gateway",
    )
    assert failing(found) == {"DR-01", "DR-02", "DR-04", "DR-05"}


def test_drilled_means_lately() -> None:
    assert date(2026, 11, 9) < NOW.date()
    assert verdict(score(verified(rendered=False)), "RB-03").state is State.PASS
