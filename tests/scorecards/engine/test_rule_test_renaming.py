"""Tests of rules under names that mean nothing: when they are shared, and when they must not be."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from flagstone.scorecards.engine.alert_scenarios.playing import Printed, print_all
from flagstone.scorecards.engine.alert_scenarios.test_files import Play
from flagstone.scorecards.engine.prometheus import promtool, rule_test_runs
from flagstone.scorecards.engine.prometheus.rule_test_renaming import renamed
from flagstone.scorecards.engine.states import State
from tests.scorecards.engine.samples import as_yaml, objects, score, scorecard, verdict

Change = Callable[[dict[str, Any], dict[str, Any]], None]


def rule_group(service: str, team: str) -> dict[str, Any]:
    which = f'service="{service}"'
    return {
        "name": f"{service}-slo",
        "rules": [
            {
                "record": "slo:errors:ratio_rate5m",
                "expr": f'sum(rate(x_total{{{which},code=~"5.."}}[5m])) / sum(rate(x_total{{{which}}}[5m]))',
                "labels": {"slo": f"{service}-availability", "team": team},
            },
            {
                "alert": f"{service.title()}Burns",
                "expr": f'slo:errors:ratio_rate5m{{slo="{service}-availability"}} > 0.01',
                "labels": {"severity": "page"},
                "annotations": {"summary": f"{service} burns {{{{ $value }}}}"},
            },
        ],
    }


def asking(service: str, team: str) -> dict[str, Any]:
    labels = f'slo:errors:ratio_rate5m{{slo="{service}-availability",team="{team}"}}'
    firing = f'count(ALERTS{{alertname="{service.title()}Burns",alertstate="firing"}})'
    return {
        "rule_files": ["rules.json"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "name": f"{service} burns",
                "interval": "1m",
                "input_series": [
                    {"series": f'x_total{{service="{service}",code="500"}}', "values": "0+5x20"},
                    {"series": f'x_total{{service="{service}",code="200"}}', "values": "0+5x20"},
                ],
                "promql_expr_test": [
                    {
                        "expr": "slo:errors:ratio_rate5m",
                        "eval_time": "10m",
                        "exp_samples": [{"labels": labels, "value": 0.5}],
                    },
                    {"expr": firing, "eval_time": "10m", "exp_samples": [{"value": 1}]},
                ],
            },
            {
                "interval": "1m",
                "alert_rule_test": [
                    {
                        "eval_time": "5m",
                        "alertname": f"{service.title()}Burns",
                        "exp_alerts": [],
                    }
                ],
            },
        ],
    }


def both(service: str = "cart", team: str = "shop") -> tuple[dict[str, Any], dict[str, Any]]:
    return rule_group(service, team), asking(service, team)


def shared(group: dict[str, Any], document: dict[str, Any]) -> Play | None:
    return renamed([group], document)


def test_tests_of_one_scaffold_are_one() -> None:
    first = shared(*both("cart", "shop"))

    assert first is not None
    assert first == shared(*both("zebra", "zebra")) == shared(*both("availability", "5xx"))
    assert "cart" not in first.rules + first.tests


def change_expected_label(_group: dict[str, Any], document: dict[str, Any]) -> None:
    sample = document["tests"][0]["promql_expr_test"][0]["exp_samples"][0]
    sample["labels"] = sample["labels"].replace('team="shop"', 'team="cart"')


def change_asked_alert(_group: dict[str, Any], document: dict[str, Any]) -> None:
    asked = document["tests"][0]["promql_expr_test"][1]
    asked["expr"] = asked["expr"].replace("CartBurns", "CartBurnsFast")


def change_state(_group: dict[str, Any], document: dict[str, Any]) -> None:
    asked = document["tests"][0]["promql_expr_test"][1]
    asked["expr"] = 'absent(ALERTS{alertstate="firing"})'
    asked["exp_samples"] = [{"labels": '{alertstate="firing"}', "value": 1}]


def change_series(_group: dict[str, Any], document: dict[str, Any]) -> None:
    for series in document["tests"][0]["input_series"]:
        series["series"] = series["series"].replace("cart", "chart")


def change_status(_group: dict[str, Any], document: dict[str, Any]) -> None:
    document["tests"][0]["input_series"][0]["series"] = 'x_total{service="cart",code="404"}'


def break_annotation(group: dict[str, Any], _document: dict[str, Any]) -> None:
    group["rules"][1]["annotations"]["summary"] = '{{ "}}" | nofunction "{{" }}'


def expect_no_mapping(_group: dict[str, Any], document: dict[str, Any]) -> None:
    document["tests"][1]["alert_rule_test"][0]["exp_alerts"] = [{"exp_labels": "severity"}]


@pytest.mark.skipif(promtool.find() is None, reason="promtool is not installed")
@pytest.mark.parametrize(
    "change",
    [
        change_expected_label,
        change_asked_alert,
        change_state,
        change_series,
        change_status,
        break_annotation,
        expect_no_mapping,
    ],
)
def test_what_fails_under_its_own_names_fails_under_others(change: Change) -> None:
    group, document = both()
    change(group, document)
    own = Play(json.dumps({"groups": [group]}), json.dumps(document))
    other = shared(group, document) or own

    said = print_all(promtool.find() or "", [own, other])

    assert {"FAILED" in printed.output for printed in said.values()} == {True}


@pytest.mark.skipif(promtool.find() is None, reason="promtool is not installed")
def test_what_passes_under_its_own_names_passes_under_others() -> None:
    found = shared(*both())
    assert found is not None

    assert "SUCCESS" in print_all(promtool.find() or "", [found])[found].output


def template_in_label(group: dict[str, Any], _document: dict[str, Any]) -> None:
    group["rules"][1]["labels"]["team"] = "{{ $labels.service }}"


def compare_annotations(_group: dict[str, Any], document: dict[str, Any]) -> None:
    document["tests"][1]["alert_rule_test"][0]["exp_alerts"] = [
        {"exp_labels": {"severity": "page"}}
    ]


def make_labels(group: dict[str, Any], _document: dict[str, Any]) -> None:
    expr = group["rules"][0]["expr"]
    group["rules"][0]["expr"] = f'label_replace({expr}, "a", "$1", "service", "(c.*)")'


def escape_a_value(group: dict[str, Any], _document: dict[str, Any]) -> None:
    group["rules"][0]["expr"] = group["rules"][0]["expr"].replace('"cart"', r'"c\u0061rt"')


def number_as_label(group: dict[str, Any], _document: dict[str, Any]) -> None:
    group["rules"][0]["labels"]["burn"] = 14


def break_expression(group: dict[str, Any], _document: dict[str, Any]) -> None:
    group["rules"][0]["expr"] += ")"


def keys_of_two_types(_group: dict[str, Any], document: dict[str, Any]) -> None:
    document["tests"][0]["more"] = {1: 2, "a": 3}


@pytest.mark.parametrize(
    "change",
    [
        template_in_label,
        compare_annotations,
        make_labels,
        escape_a_value,
        number_as_label,
        break_expression,
        keys_of_two_types,
    ],
)
def test_what_may_depend_on_names_keeps_them(change: Change) -> None:
    group, document = both()
    change(group, document)

    assert shared(group, document) is None


def test_what_is_asked_for_by_a_pattern_keeps_its_values() -> None:
    group, document = both()
    group["rules"][0]["expr"] = group["rules"][0]["expr"].replace('="cart"', '=~"ca.*"')
    before = copy.deepcopy((group, document))

    found = shared(group, document)

    assert found is not None
    assert 'service=\\"cart\\"' in found.tests
    assert "availability" not in found.tests
    assert (group, document) == before


def test_groups_that_a_test_names_keep_their_names() -> None:
    group, document = both()
    document["group_eval_order"] = ["cart-slo"]

    found = shared(group, document)

    assert found is not None
    assert '"name": "cart-slo"' in found.rules


def repository(*names: str) -> dict[str, bytes]:
    files = {}
    for name in names:
        workload = objects("rollout")["rollout"]
        workload["metadata"]["name"] = name
        slo = {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": name, "namespace": "payments", "labels": {"app": name}},
            "spec": {"groups": [rule_group(name, "shop")]},
        }
        document = asking(name, "shop") | {"rule_files": ["slo.rules.yaml"]}
        files[f"services/{name}/all.yaml"] = as_yaml([workload, slo]).encode()
        files[f"services/{name}/slo_test.yaml"] = as_yaml([document]).encode()
    return files


@pytest.mark.skipif(promtool.find() is None, reason="promtool is not installed")
def test_alike_services_are_tested_once_and_one_that_fails_says_so_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"shop-{number}" for number in range(6)]
    files = repository(*names)
    broken = files["services/shop-3/slo_test.yaml"]
    files["services/shop-3/slo_test.yaml"] = broken.replace(b'team="shop"', b'team="cards"')
    run: list[Play] = []

    def counted(tool: str, plays: Any) -> dict[Play, Printed]:
        run.extend(dict.fromkeys(plays := list(plays)))
        return print_all(tool, plays)

    monkeypatch.setattr(rule_test_runs, "print_all", counted)

    report = score(files, scorecard("PR-12"))

    found = {name: verdict(report, "PR-12", name) for name in names}
    assert {name for name, one in found.items() if one.state is State.PASS} == {*names} - {"shop-3"}
    (finding,) = found["shop-3"].findings
    assert finding.path == "services/shop-3/slo_test.yaml"
    assert 'slo="shop-3-availability", team="cards"' in finding.message
    assert len(run) == 3  # what five share, what the one has that fails, and it under its own names
