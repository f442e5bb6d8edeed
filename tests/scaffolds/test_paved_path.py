from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scaffolds.answers import AWKWARD
from tests.scaffolds.rendering import manifests, one, render
from tests.scaffolds.strict_schemas import faults

SERVICE_FILES = {
    "analysis.yaml",
    "autoscaling.yaml",
    "catalog-info.yaml",
    "dashboard.yaml",
    "drill/outlier-drill.sh",
    "flags.yaml",
    "istio.yaml",
    "monitoring.yaml",
    "networkpolicy.yaml",
    "rollout.yaml",
    "runbook.md",
    "service.yaml",
    "slo.yaml",
    "tests/slo_test.yaml",
}

each_answer = pytest.mark.parametrize("answers", AWKWARD.values(), ids=AWKWARD)


def _paved(answers: dict[str, Any]) -> dict[str, str]:
    return render("paved-path", answers)


@each_answer
def test_lands_in_the_folders_of_the_service_and_nowhere_else(answers: dict[str, Any]) -> None:
    name = answers.get("name", "checkout")

    expected = {f"services/{name}/{file}" for file in SERVICE_FILES} | {f"apps/{name}.yaml"}
    assert set(_paved(answers)) == expected


@each_answer
def test_every_object_passes_the_strict_schema_of_its_kind(answers: dict[str, Any]) -> None:
    objects = manifests(_paved(answers))

    assert len(objects) == 16
    assert [f"{item['kind']} {fault}" for item in objects for fault in faults(item)] == []


def test_the_strict_schemas_do_refuse_unknown_fields() -> None:
    rule = one(_paved({}), "DestinationRule")
    rule["spec"]["trafficPolicy"]["outlierDetection"]["consecutive5xx"] = 5
    service = one(_paved({}), "Service")
    service["spec"]["sessionAffinty"] = "None"

    assert len(faults(rule)) == 1
    assert "consecutive5xx" in faults(rule)[0]
    assert "sessionAffinty" in faults(service)[0]


@each_answer
def test_files_end_with_one_newline_and_carry_no_trailing_space(answers: dict[str, Any]) -> None:
    for path, text in _paved(answers).items():
        assert text.endswith("\n"), path
        assert not text.endswith("\n\n"), path
        assert not text.startswith("\n"), path
        assert not re.search(r"[ \t]+$", text, re.MULTILINE), path


@pytest.mark.parametrize(
    "case", ["awkward text", "text that starts like YAML", "text of several lines"]
)
def test_a_description_stays_text(case: str) -> None:
    description = AWKWARD[case]["description"]
    expected = " ".join(description.split())

    files = _paved({"description": description})

    entity = yaml.safe_load(files["services/checkout/catalog-info.yaml"])
    assert entity["metadata"]["description"] == expected
    assert expected in files["services/checkout/runbook.md"].splitlines()


def test_the_entity_names_owner_system_and_tier() -> None:
    files = _paved({"tier": "1"})
    entity = yaml.safe_load(files["services/checkout/catalog-info.yaml"])

    assert entity["kind"] == "Component"
    assert entity["spec"] == {
        "type": "service",
        "lifecycle": "production",
        "owner": "group:default/payments-platform",
        "system": "system:default/payments",
        "dependsOn": [],
    }
    assert entity["metadata"]["labels"] == {"flagstone.dev/tier": "1"}
    assert all(isinstance(value, str) for value in entity["metadata"]["annotations"].values())


def test_without_a_system_the_squad_gives_the_namespace() -> None:
    files = _paved({"system": "", "owner": "group:default/Payments_Platform.v2"})

    entity = yaml.safe_load(files["services/checkout/catalog-info.yaml"])
    assert "system" not in entity["spec"]
    spaces = {item["metadata"]["namespace"] for item in manifests(files)}
    assert spaces == {"payments-platform-v2", "argocd"}


@each_answer
def test_all_tries_fit_into_the_timeout(answers: dict[str, Any]) -> None:
    (route,) = one(_paved(answers), "VirtualService")["spec"]["http"]
    attempts = route["retries"]["attempts"]

    if attempts == 0:
        assert route["retries"] == {"attempts": 0}
        return
    tries = (attempts + 1) * int(route["retries"]["perTryTimeout"].removesuffix("ms"))
    assert 0 < tries <= int(route["timeout"].removesuffix("ms"))


@pytest.mark.parametrize(
    ("availability", "floor"), [("99.5", "0.95"), ("99.9", "0.99"), ("99.95", "0.995")]
)
def test_a_canary_is_stopped_at_ten_times_the_error_budget(availability: str, floor: str) -> None:
    template = one(_paved({"availability": availability}), "AnalysisTemplate", "checkout-canary")
    metric = template["spec"]["metrics"][0]

    assert metric["successCondition"].endswith(f"result[0] >= {floor}")
    assert metric["failureCondition"].endswith(f"result[0] < {floor}")


def test_analysis_queries_keep_their_arguments() -> None:
    gate = one(_paved({}), "AnalysisTemplate", "checkout-canary-gate")
    query = gate["spec"]["metrics"][0]["provider"]["prometheus"]["query"]

    assert 'rollouts_pod_template_hash="{{args.canary-hash}}"' in query


def test_scales_out_as_far_as_the_declared_peak() -> None:
    scaler = one(_paved({"min_replicas": "5", "peak": "6"}), "HorizontalPodAutoscaler")

    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (5, 30)


def test_the_application_leaves_to_rollouts_what_rollouts_writes() -> None:
    spec = one(_paved({}), "Application")["spec"]

    assert {item["kind"] for item in spec["ignoreDifferences"]} == {
        "VirtualService",
        "DestinationRule",
    }
    assert "RespectIgnoreDifferences=true" not in spec["syncPolicy"]["syncOptions"]
    assert spec["source"]["path"] == "services/checkout"
    assert spec["source"]["directory"]["exclude"] == "catalog-info.yaml"


def test_the_runbook_has_a_heading_for_every_alert() -> None:
    files = _paved({"name": "funds-transfer"})
    headings = re.findall(r"^## (.*)$", files["services/funds-transfer/runbook.md"], re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    groups = one(files, "PrometheusRule")["spec"]["groups"]
    alerts = [rule for group in groups for rule in group["rules"] if "alert" in rule]

    assert [alert["alert"] for alert in alerts] == [
        "FundsTransferErrorBudgetBurnFast",
        "FundsTransferErrorBudgetBurnSlow",
        "FundsTransferErrorBudgetBurnTicketFast",
        "FundsTransferErrorBudgetBurnTicketSlow",
        "FundsTransferSLIMissing",
        "FundsTransferErrorBudgetSpent",
    ]
    for alert in alerts:
        page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
        assert page.endswith("/services/funds-transfer/runbook.md")
        assert anchor in anchors


@pytest.mark.parametrize(
    "case", ["defaults", "no system", "numbers in the name", "loosest", "strictest"]
)
def test_promtool_accepts_the_rules_and_their_unit_tests_pass(case: str, tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    answers = AWKWARD[case]
    files = _paved(answers)
    tests = files[f"services/{answers.get('name', 'checkout')}/tests/slo_test.yaml"]
    rules = one(files, "PrometheusRule")["spec"]
    (tmp_path / "slo.rules.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    (tmp_path / "slo_test.yaml").write_text(tests, "utf-8")

    for command in (["check", "rules", "slo.rules.yaml"], ["test", "rules", "slo_test.yaml"]):
        done = subprocess.run(
            [promtool, *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
