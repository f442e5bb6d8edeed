"""promtool's test files: whose they are, what promtool is given, and whatever may stand in them."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.scorecards.engine.alert_scenarios.playing import Printed
from flagstone.scorecards.engine.alert_scenarios.test_files import Play
from flagstone.scorecards.engine.prometheus import promtool
from flagstone.scorecards.engine.prometheus.rule_test_plays import as_json
from flagstone.scorecards.engine.prometheus.rule_test_runs import RuleTestRun
from flagstone.scorecards.engine.prometheus.rule_tests import RuleTest
from flagstone.scorecards.engine.reporting.report import Report
from flagstone.scorecards.engine.states import State
from tests.scorecards.engine.samples import as_yaml, objects, score, scorecard, verdict

pytestmark = pytest.mark.skipif(promtool.find() is None, reason="promtool is not installed")

RECORD = "slo:errors:ratio_rate5m"


def rules(name: str, *alerts: str) -> dict[str, Any]:
    """A PrometheusRule with a record that every service has, and alerts on missing metrics."""
    record = {"record": RECORD, "expr": f"vector(0) * {len(name)}"}
    missing = [
        {"alert": alert, "expr": f'absent(up{{job="{name}"}})', "labels": {"severity": "page"}}
        for alert in alerts
    ]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": f"{name}-slo", "namespace": "payments", "labels": {"app": name}},
        "spec": {"groups": [{"name": f"{name}-slo", "rules": [record, *missing]}]},
    }


def one_test(alert: str, job: str, severity: str = "page") -> dict[str, Any]:
    expected = [{"exp_labels": {"severity": severity, "job": job}}]
    return {
        "interval": "1m",
        "input_series": [],
        "alert_rule_test": [{"eval_time": "20m", "alertname": alert, "exp_alerts": expected}],
    }


def a_file(files: list[str], *tests: dict[str, Any], **more: Any) -> bytes:
    document = {"rule_files": files, "evaluation_interval": "1m", "tests": list(tests)} | more
    return as_yaml([document]).encode()


def two_services(**alerts: str) -> dict[str, bytes]:
    """Two services, each in its folder with its rules; of alerts by name, else called after them."""
    found = {}
    for name in ("checkout", "cart"):
        workload = objects("rollout")["rollout"]
        workload["metadata"]["name"] = name
        alert = alerts.get(name, f"{name.title()}MetricsMissing")
        found[f"services/{name}/app.yaml"] = as_yaml([workload]).encode()
        found[f"services/{name}/slo.yaml"] = as_yaml([rules(name, alert)]).encode()
        found[f"services/{name}/catalog-info.yaml"] = (
            "apiVersion: backstage.io/v1alpha1\nkind: Component\n"
            f"metadata: {{name: {name}}}\nspec: {{type: service, owner: a, lifecycle: production}}\n"
        ).encode()
    return found


def judge(files: dict[str, bytes], check_id: str = "PR-12") -> Report:
    return score(files, scorecard(check_id))


def states(report: Report, check_id: str = "PR-12") -> dict[str, State]:
    return {name: verdict(report, check_id, name).state for name in ("checkout", "cart")}


def only(passing: str) -> dict[str, State]:
    return {n: State.PASS if n == passing else State.FAIL for n in ("checkout", "cart")}


def test_a_test_is_of_the_service_whose_alert_it_asks_for_in_a_file_that_ci_makes() -> None:
    ask_cart = a_file(["slo.rules.yaml"], one_test("CartMetricsMissing", "cart"))

    assert states(judge(two_services() | {"tests/slo_test.yaml": ask_cart})) == only("cart")


def test_a_record_that_every_service_has_is_no_sign_where_an_alert_is_asked_for() -> None:
    both = one_test("CartMetricsMissing", "cart")
    both["promql_expr_test"] = [{"expr": RECORD, "eval_time": "5m", "exp_samples": []}]
    files = two_services() | {"tests/slo_test.yaml": a_file(["slo.rules.yaml"], both)}

    found = {name: verdict(judge(files), "PR-12", name) for name in ("checkout", "cart")}

    assert [f.message for f in found["checkout"].findings] == [
        "no test file of promtool names a rule file with its rules and asks for one of them"
    ]
    assert found["cart"].findings[0].path == "tests/slo_test.yaml"


def test_the_folder_of_the_rule_file_tells_before_the_folder_of_the_test() -> None:
    files = two_services(checkout="MetricsMissing", cart="MetricsMissing")
    asked = a_file(["../checkout/slo.rules.yaml"], one_test("MetricsMissing", "checkout"))

    assert states(judge(files | {"services/cart/slo_test.yaml": asked})) == only("checkout")


@pytest.mark.parametrize("kept", [True, False])
def test_of_alerts_of_one_name_the_rule_file_tells_whose_are_meant(kept: bool) -> None:
    """By the rule itself where the file is kept, else by its name."""
    files = two_services(checkout="MetricsMissing", cart="MetricsMissing")
    asked = a_file(["cart.rules.yaml"], one_test("MetricsMissing", "cart"))
    files["tests/slo_test.yaml"] = asked
    if kept:
        files["tests/cart.rules.yaml"] = as_yaml([rules("cart", "MetricsMissing")["spec"]]).encode()

    assert states(judge(files)) == only("cart")


def test_a_file_about_two_services_blames_each_for_its_own_part() -> None:
    asked = a_file(
        ["all.rules.yaml"],
        one_test("CartMetricsMissing", "cart"),
        one_test("CheckoutMetricsMissing", "checkout", severity="wrong"),
    )

    assert states(judge(two_services() | {"tests/slo_test.yaml": asked})) == only("cart")


def test_promtool_itself_refuses_the_object() -> None:
    asked = a_file(["../slo.yaml"], one_test("CartMetricsMissing", "cart"))
    report = judge(two_services() | {"services/cart/tests/slo_test.yaml": asked})

    (finding,) = verdict(report, "PR-12", "cart").findings

    assert finding.message.startswith("it fails: services/cart/slo.yaml: yaml: unmarshal errors:")
    assert finding.message.endswith(
        "(it is a PrometheusRule: promtool reads what stands below its spec)"
    )
    assert (finding.path, finding.line) == ("services/cart/tests/slo_test.yaml", 1)


def test_the_object_among_others_in_one_file_is_refused_too() -> None:
    files = two_services()
    files["services/cart/slo.yaml"] = files.pop("services/cart/app.yaml") + (
        b"---\n" + files["services/cart/slo.yaml"]
    )
    files["services/cart/slo_test.yaml"] = a_file(
        ["slo.yaml"], one_test("CartMetricsMissing", "cart")
    )

    (finding,) = verdict(judge(files), "PR-12", "cart").findings

    assert finding.message.startswith("it fails: services/cart/slo.yaml: yaml: unmarshal errors:")


def test_a_star_does_not_reach_over_a_slash() -> None:
    files = two_services() | {
        "tests/deep/er.yaml": b"groups: [{name: g, rules: [{alert: Other, expr: up}]}]\n",
        "tests/slo_test.yaml": a_file(
            ["deep*.yaml", "d*/er.yaml"], one_test("CartMetricsMissing", "cart")
        ),
    }

    assert states(judge(files)) == only("cart")  # `deep*.yaml` is made by CI


@pytest.mark.parametrize(
    ("field", "unknown"),
    [
        ("fuzzy_compare", "the promtool here is too old for fuzzy_compare: "),
        ("start_timestamp", "the promtool here is too old for start_timestamp: "),
        ("no_such_field", ""),
    ],
)
def test_a_field_of_newer_versions_is_no_fault_of_the_test(field: str, unknown: str) -> None:
    output = f"  FAILED:\nyaml: unmarshal errors:\n  line 3: field {field} not found in type main.unitTestFile"
    nothing = Play("", "")
    run = RuleTestRun(RuleTest("a", {}, ()), nothing, nothing, printed=Printed(output))

    assert run.unknown == (unknown and unknown + promtool.HOW_TO_GET)
    assert bool(run.complaint) is not bool(unknown)


@pytest.mark.parametrize(
    "text",
    [
        "rule_files: [a.yaml]\nfuzzy_compare: true\ntests: []\n",
        (
            "rule_files: [a.yaml]\nfuzzy_compare: {a: 1}\ngroup_eval_order: [g, 1, null]\n"
            "tests: [{start_timestamp: 2026-01-01T00:00:00Z}]\n"
        ),
        (
            "rule_files: [null, 1, {a: b}, [x], '', '/etc/a.yaml', '../../../../a.yaml', '[', '**/*.yaml']\n"
            "tests: [{alert_rule_test: [{alertname: CartMetricsMissing}]}]\n"
        ),
        (
            "rule_files: [a.yaml]\ntests: [null, 1, [], {alert_rule_test: x, promql_expr_test: {a: b}}, "
            "{alert_rule_test: [null, {alertname: [CartMetricsMissing]}], promql_expr_test: [1, {expr: null}]}]\n"
        ),
        "rule_files: [a.yaml]\ntests: &t [{promql_expr_test: [{expr: CartMetricsMissing}], more: *t}]\n",
        (
            "rule_files: [a.yaml]\ntests: [{1: 2, true: x, null: y, ? [a] : b, "
            "alert_rule_test: [{alertname: CartMetricsMissing}]}]\n"
        ),
        (
            "rule_files: [a.yaml]\ntests: [{alert_rule_test: [{alertname: CartMetricsMissing}], "
            "input_series: [{series: 'x{', values: 'a+bx99999999999'}]}]\n"
        ),
        (
            "rule_files: [a.yaml]\ntests: [{alert_rule_test: [{alertname: CartMetricsMissing, eval_time: -1m}], "
            "interval: 0s}]\nevaluation_interval: 0s\n"
        ),
        (
            "rule_files: ['\\0.yaml', 'a\\nb.yaml']\n"
            'tests: [{alert_rule_test: [{alertname: CartMetricsMissing}], name: "\\ud800"}]\n'
        ),
    ],
)
def test_whatever_stands_in_a_test_file_crashes_nothing(text: str) -> None:
    files = two_services() | {"services/cart/slo_test.yaml": text.encode()}

    found = verdict(judge(files), "PR-12", "cart")

    assert found.state in {State.FAIL, State.NO_DATA}
    assert "Traceback" not in found.summary


def test_numbers_without_end_reach_promtool_as_they_are() -> None:
    asked = one_test("CartMetricsMissing", "cart")
    infinite = [
        {"expr": f"vector({word})", "eval_time": "1m", "exp_samples": [{"value": value}]}
        for word, value in (("Inf", float("inf")), ("-Inf", float("-inf")))
    ]
    asked["promql_expr_test"] = [*infinite, {"expr": '"NaN"', "eval_time": "1m", "exp_samples": []}]

    text = as_json({"tests": [asked, float("nan"), '-Infinity \\" NaN']})

    assert text.endswith('.nan, "-Infinity \\\\\\" NaN"]}')
    assert ('"value": .inf' in text, '"value": -.inf' in text) == (True, True)


WORKFLOW = """on: {pull_request: }
jobs:
  check:
    steps:
      - run: flagstone score .
      - run: promtool test rules %s
"""


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ("services/cart/*_test.yaml", {}),
        ("./*/*/slo_test.yaml --debug", {}),
        ("**/*_test.yaml > log 2>&1", {}),
        ('"$file"', {}),
        ("", {}),
        (
            "services/checkout/*_test.yaml",
            {"cart": "promtool test rules runs other tests, and not services/cart/slo_test.yaml"},
        ),
        (
            "cart_test.yaml; echo services/cart/slo_test.yaml",
            {"cart": "promtool test rules runs other tests, and not services/cart/slo_test.yaml"},
        ),
    ],
)
def test_ci_must_run_the_tests_of_the_service_itself(files: str, said: dict[str, str]) -> None:
    """Of a service without tests it is PR-12 that says so."""
    asked = a_file(["slo.rules.yaml"], one_test("CartMetricsMissing", "cart"))
    repository = two_services() | {
        "services/cart/slo_test.yaml": asked,
        ".github/workflows/a.yml": (WORKFLOW % files).encode(),
    }

    report = judge(repository, "CI-05")

    found = {name: verdict(report, "CI-05", name).findings for name in ("checkout", "cart")}
    assert {name: one[0].message for name, one in found.items() if one} == said


def test_rules_of_another_service_ask_nothing_of_this_one() -> None:
    repository = two_services() | {
        ".github/workflows/a.yml": WORKFLOW.replace("promtool test rules %s", "true").encode()
    }
    del repository["services/checkout/slo.yaml"]

    assert states(judge(repository, "CI-05"), "CI-05") == {
        "checkout": State.PASS,
        "cart": State.FAIL,
    }
