"""The dashboard: Grafana can load it, and every query is PromQL over the series that the service has."""

from __future__ import annotations

import json
import re
from typing import Any

import promql_parser
import pytest

from tests.scaffolds.answers import AWKWARD
from tests.scaffolds.rendering import one, render


def _dashboard(answers: dict[str, Any]) -> dict[str, Any]:
    found = one(render("paved-path", answers), "ConfigMap")
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    ((name, text),) = found["data"].items()
    assert name == f"{answers.get('name', 'checkout')}.json"
    dashboard: dict[str, Any] = json.loads(text)
    return dashboard


def _queries(dashboard: dict[str, Any]) -> list[str]:
    found = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    values = {"namespace": "payments", "service": "checkout", "__rate_interval": "5m"}
    return [re.sub(r"\$(\w+)", lambda name: values[name[1]], query) for query in found]


@pytest.mark.parametrize("answers", AWKWARD.values(), ids=AWKWARD)
def test_grafana_can_load_it(answers: dict[str, Any]) -> None:
    dashboard = _dashboard(answers)

    assert dashboard["uid"] == answers.get("name", "checkout")
    assert len(dashboard["uid"]) <= 40
    assert dashboard["schemaVersion"] == 39
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert numbers == list(range(1, 11))
    for panel in dashboard["panels"]:
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24


@pytest.mark.parametrize("answers", AWKWARD.values(), ids=AWKWARD)
def test_every_query_is_promql(answers: dict[str, Any]) -> None:
    queries = _queries(_dashboard(answers))

    assert len(queries) == 16
    for query in queries:
        promql_parser.parse(query)


def test_it_shows_what_the_rules_record_and_what_tells_canary_from_stable() -> None:
    rules = one(render("paved-path"), "PrometheusRule")["spec"]["groups"]
    recorded = {rule["record"] for group in rules for rule in group["rules"] if "record" in rule}
    text = " ".join(_queries(_dashboard({})))

    shown = set(re.findall(r"slo:\w+:\w+", text))
    assert shown <= recorded
    assert {"slo:error_budget_remaining:ratio", "slo:burn_rate:ratio_1h"} <= shown
    for wanted in (
        "rollouts_pod_template_hash",
        "http_request_duration_seconds_bucket",
        "container_cpu_cfs_throttled_periods_total",
        "envoy_cluster_outlier_detection_ejections_active",
    ):
        assert wanted in text


def test_links_lead_to_it() -> None:
    files = render("paved-path")
    entity = files["services/checkout/catalog-info.yaml"]
    assert "https://grafana.example.com/d/checkout\n" in entity
