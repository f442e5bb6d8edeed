"""From a check's own word to the report: waivers, exemptions, dates, gaps and breakage."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.reading import read_files
from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.reporting.report import CheckReport
from flagstone.scorecards.engine.reporting.waivers import Exemption
from flagstone.scorecards.engine.states import State
from tests.scorecards.engine.samples import (
    NOW,
    as_yaml,
    files_of,
    objects,
    policies,
    production_readiness,
    score,
    scorecard,
    service,
    verdict,
)

ENTITY = {"apiVersion": "backstage.io/v1alpha1", "kind": "Component"}
REF = "Deployment/payments/checkout"
LIVENESS = "livenessProbe"


def entity(kind: str = "service", annotations: dict[str, str] | None = None) -> dict[str, bytes]:
    metadata = {"name": "checkout", "annotations": annotations or {}}
    document = ENTITY | {"metadata": metadata, "spec": {"type": kind}}
    return {"services/checkout/catalog-info.yaml": as_yaml([document]).encode()}


def without_liveness(**annotations: str) -> dict[str, Any]:
    found = objects("deployment", "service")
    template = found["deployment"]["spec"]["template"]["spec"]
    del template["containers"][0][LIVENESS]
    found["deployment"]["metadata"]["annotations"] = annotations
    return found


def liveness(found: dict[str, Any], **options: Any) -> CheckReport:
    return verdict(score(files_of(found), scorecard("PB-02"), **options), "PB-02")


def waiver(text: str, check: str = "PB-02") -> dict[str, Any]:
    return without_liveness(**{f"paved.example.com/waive.{check}": text})


def test_a_waiver_on_the_object_exempts_and_is_shown() -> None:
    found = liveness(waiver("restarts lose a day of work; until 2027-01-31"))

    assert found.state is State.EXEMPT
    assert found.summary == "waived: restarts lose a day of work (until 2027-01-31)"
    assert [finding.object for finding in found.findings] == [REF]


def test_an_expired_waiver_is_a_fail_that_says_so() -> None:
    found = liveness(waiver("restarts lose a day of work; until 2026-11-22"))

    assert found.state is State.FAIL
    assert "the waiver expired on 2026-11-22" in found.findings[0].message


def test_a_waiver_without_a_reason_is_a_fail() -> None:
    found = liveness(waiver("; until 2027-01-31"))

    assert found.state is State.FAIL
    assert "the waiver gives no reason" in found.findings[0].message


def test_a_waiver_of_another_check_changes_nothing() -> None:
    assert liveness(waiver("x; until 2027-01-31", check="PB-01")).state is State.FAIL


def test_a_waiver_covers_its_own_object_only() -> None:
    found = waiver("restarts lose a day of work; until 2027-01-31")
    found["other"] = without_liveness()["deployment"]
    found["other"]["metadata"]["name"] = "checkout-worker"
    files = files_of(found) | entity()

    report = verdict(score(files, scorecard("PB-02")), "PB-02")

    assert report.state is State.FAIL
    assert [f.object for f in report.findings] == ["Deployment/payments/checkout-worker"]


def test_a_waiver_on_the_entity_covers_the_service() -> None:
    waived = {"paved.example.com/waive.RB-01": "written next week; until 2026-12-01"}
    files = files_of(objects("deployment", "service")) | entity(annotations=waived)

    found = verdict(score(files, scorecard("RB-01")), "RB-01")

    assert found.state is State.EXEMPT


def test_a_waiver_on_a_rollout_covers_the_template_that_it_borrows() -> None:
    found = objects("rollout", "service", "deployment")
    del found["rollout"]["spec"]["template"]
    found["rollout"]["spec"]["workloadRef"] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "checkout",
    }
    del found["deployment"]["spec"]["template"]["spec"]["containers"][0][LIVENESS]
    found["rollout"]["metadata"]["annotations"] = {
        "paved.example.com/waive.PB-02": "replaced in December; until 2026-12-31"
    }

    report = liveness(found)

    assert report.state is State.EXEMPT
    assert report.findings[0].object == "Rollout/payments/checkout"


def exemption(**changes: Any) -> Exemption:
    given = Exemption("PB-02", REF, "agreed with the platform team", date(2027, 1, 31))
    return replace(given, **changes)


def test_an_approved_exemption_takes_the_check_out_of_the_sum() -> None:
    report = score(
        files_of(without_liveness()), scorecard("PB-01", "PB-02"), exemptions=[exemption()]
    )

    found = verdict(report, "PB-02")
    assert found.state is State.EXEMPT
    assert found.summary == "exempt: agreed with the platform team (until 2027-01-31)"
    assert service(report).score == 100


@pytest.mark.parametrize(
    "changes",
    [
        {"until": date(2026, 11, 22)},
        {"check": "PB-01"},
        {"service": "Deployment/payments/quote"},
        {"object": "Deployment/payments/quote"},
    ],
)
def test_what_an_exemption_does_not_cover(changes: dict[str, Any]) -> None:
    found = liveness(without_liveness(), exemptions=[exemption(**changes)])

    assert found.state is State.FAIL


def test_an_exemption_of_one_object() -> None:
    assert liveness(without_liveness(), exemptions=[exemption(object=REF)]).state is State.EXEMPT


def test_a_pass_needs_no_exemption() -> None:
    assert liveness(objects("deployment", "service"), exemptions=[exemption()]).state is State.PASS


def test_before_its_day_a_check_is_shown_and_does_not_count() -> None:
    card = scorecard("PB-02", enforced_from=date(2026, 11, 24))
    report = score(files_of(without_liveness()), card)

    found = verdict(report, "PB-02")
    assert found.state is State.UPCOMING
    assert found.summary.startswith("counts from 2026-11-24 on: Deployment/checkout: container app")
    assert len(found.findings) == 1
    assert (service(report).score, service(report).level) == (None, None)


def test_on_its_day_a_check_counts() -> None:
    card = scorecard("PB-02", enforced_from=date(2026, 11, 23))

    assert verdict(score(files_of(without_liveness()), card), "PB-02").state is State.FAIL


def test_a_check_that_breaks_is_one_broken_check(caplog: pytest.LogCaptureFixture) -> None:
    card = scorecard("PB-01", "PB-02")
    broken = replace(card.rules[1].check, judge=lambda *_: 1 / 0)
    card = replace(card, rules=(card.rules[0], replace(card.rules[1], check=broken)))

    with caplog.at_level(logging.ERROR):
        report = score(files_of(objects("deployment", "service")), card)

    found = verdict(report, "PB-02")
    assert found.state is State.ERROR
    assert found.summary == "the check itself broke: ZeroDivisionError: division by zero"
    assert service(report).score == 100
    assert service(report).level is None
    assert "check PB-02 broke on Deployment/payments/checkout" in caplog.text


def test_a_broken_check_keeps_the_last_level() -> None:
    card = scorecard("PB-01", "PB-02")
    broken = replace(card.rules[1].check, judge=lambda *_: 1 / 0)
    card = replace(card, rules=(card.rules[0], replace(card.rules[1], check=broken)))

    report = score(files_of(objects("deployment", "service")), card, last_levels={REF: "gold"})

    assert service(report).level == "gold"


def test_a_service_that_nothing_applies_to_has_no_score() -> None:
    report = score(files_of(objects("job")), scorecard("RO-01", "VS-02"))

    found = service(report)
    assert (found.score, found.level, found.coverage) == (None, None, None)


def test_what_is_not_rendered_is_no_data_and_never_a_guess() -> None:
    files = {
        "services/checkout/chart/Chart.yaml": b"apiVersion: v2\nname: checkout\nversion: 1.0.0\n",
        "services/checkout/chart/templates/deployment.yaml": b"kind: {{ .Values.kind }}\n",
    }

    report = score(files | entity())

    found = service(report)
    decided = {check.id for check in found.checks if check.state is not State.NO_DATA}
    assert decided == {"IN-01", "IN-02", "RB-01", "RB-02", "RB-03", "RB-04", "RB-06"}
    assert "helm" in verdict(report, "PB-01").summary
    said = "each manifest in view can be parsed; that earns nothing"
    assert verdict(report, "IN-01").summary == said
    applicable = [check for check in found.checks if check.state is not State.NOT_APPLICABLE]
    missing_runbook = 4 + 4 + 2 + 2
    assert found.coverage == round(missing_runbook / sum(c.rule.weight for c in applicable), 3)
    assert (found.score, found.level) == (0, None)


def test_a_component_without_a_workload_has_no_data() -> None:
    found = verdict(score(entity()), "PB-01")

    assert found.state is State.NO_DATA
    assert found.summary == (
        "no workload of checkout is in services/checkout: if its manifests are in another repository, "
        "score that one"
    )


def test_a_website_without_a_workload_needs_none() -> None:
    found = verdict(score(entity(kind="website")), "PB-01")

    assert found.state is State.NOT_APPLICABLE


FOREIGN = b"""
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: mustbeowned}
spec:
  crd: {spec: {names: {kind: MustBeOwned}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package mustbeowned
        violation[{"msg": msg}] {
          not input.review.object.metadata.labels.owner
          msg := sprintf("%v has no owner", [input.review.object.metadata.name])
        }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: MustBeOwned
metadata: {name: everything-is-owned}
spec:
  enforcementAction: ACTION
  match: {kinds: [{apiGroups: [apps], kinds: [Deployment]}]}
"""


def foreign(action: str = "deny") -> PolicySet:
    return PolicySet.from_files({"owner.yaml": FOREIGN.replace(b"ACTION", action.encode())})


def test_a_policy_that_names_no_check_is_a_check_itself() -> None:
    report = score(
        files_of(objects("deployment", "service")), scorecard("RS-02"), policies=foreign()
    )

    found = verdict(report, "mustbeowned")
    assert found.state is State.FAIL
    assert (found.severity.value, found.rule.weight, found.rule.level) == ("H", 4, "gold")
    assert found.rule.check.name == "The policy mustbeowned holds"
    assert [f.message for f in found.findings] == ["checkout has no owner"]


def test_a_policy_that_only_warns_is_a_warning() -> None:
    report = score(
        files_of(objects("deployment", "service")), scorecard("RS-02"), policies=foreign("warn")
    )

    assert verdict(report, "mustbeowned").state is State.WARN
    assert verdict(report, "mustbeowned").severity.value == "M"


def test_a_policy_that_matches_nothing_does_not_apply() -> None:
    report = score(files_of(objects("job")), scorecard("RS-02"), policies=foreign())

    assert verdict(report, "mustbeowned").state is State.NOT_APPLICABLE


def test_a_check_that_no_policy_reports_has_no_data() -> None:
    report = score(
        files_of(objects("deployment", "service")), scorecard("PB-01"), policies=foreign()
    )

    found = verdict(report, "PB-01")
    assert found.state is State.NO_DATA
    assert found.summary.startswith("no policy reports PB-01")


def test_a_policy_that_cannot_be_loaded_is_a_broken_check() -> None:
    rules = PolicySet.from_files({"owner.yaml": FOREIGN.replace(b"package", b"pakage")})

    report = score(files_of(objects("deployment", "service")), scorecard("PB-01"), policies=rules)

    found = verdict(report, "PB-01")
    assert found.state is State.ERROR
    assert found.summary.startswith("a policy is broken: owner.yaml:")


def test_a_finding_points_at_the_line_of_its_place() -> None:
    found = liveness(without_liveness())

    (finding,) = found.findings
    assert finding.path == "services/checkout/manifests.yaml"
    assert (finding.object, finding.container) == (REF, "app")
    assert finding.place == "spec.template.spec.containers.[app].livenessProbe"
    text = files_of(without_liveness())[finding.path].decode().splitlines()
    assert text[finding.line - 1].strip() == "- name: app"


def test_the_moment_counts_by_its_own_day() -> None:
    late = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)

    assert liveness(waiver("x; until 2026-11-23"), now=late).state is State.EXEMPT


def test_every_check_is_asked_of_every_service() -> None:
    files = files_of(objects("deployment", "service"))
    quote = files_of(objects("rollout", "at"), "services/quote")

    report = score(files | quote)

    assert [len(found.checks) for found in report.services] == [len(REGISTRY)] * 2


def test_an_empty_snapshot_is_an_empty_report() -> None:
    report = evaluate(read_files({}), production_readiness(), policies(), now=NOW)

    assert report.services == ()
    assert (report.files, report.documents) == (0, 0)
