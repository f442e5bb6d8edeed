"""What alerts do in nine scenarios, as promtool plays them."""

from __future__ import annotations

import shutil
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from flagstone.scorecards.engine.alert_scenarios import kept_answers, playing
from flagstone.scorecards.engine.alert_scenarios.playing import Played, play_all
from flagstone.scorecards.engine.alert_scenarios.test_files import Play, read_answers
from flagstone.scorecards.engine.prometheus import promtool
from flagstone.scorecards.engine.reporting.report import Report
from flagstone.scorecards.engine.states import State
from tests.corpora import corpus, design_example
from tests.scorecards.engine.samples import as_yaml, objects, score, scorecard, verdict
from tests.waiting import tries

BEHAVIOUR = ("PR-02", "PR-03", "PR-04", "PR-05", "PR-06")
LETTERS = "ABCDEFGHI"


@pytest.fixture
def _promtool() -> None:
    if promtool.find() is None:
        pytest.skip(f"promtool is not installed: {promtool.HOW_TO_GET}")


def states(report: Report, name: str = "checkout") -> dict[str, State]:
    return {check: verdict(report, check, name).state for check in BEHAVIOUR}


def failed_scenarios(report: Report) -> set[str]:
    messages = [f.message for check in BEHAVIOUR for f in verdict(report, check).findings]
    return {letter for letter in LETTERS for m in messages if f"(scenario {letter})" in m}


@pytest.mark.usefixtures("_promtool")
def test_the_verified_example_passes_nine_of_nine() -> None:
    files = {
        f"services/checkout/{path.name}": path.read_bytes()
        for path in (
            design_example("k8s/base/rollout.yaml"),
            design_example("k8s/base/services.yaml"),
            design_example("observability/prometheusrule.yaml"),
        )
    }

    assert set(states(score(files, scorecard(*BEHAVIOUR))).values()) == {State.PASS}


@pytest.mark.usefixtures("_promtool")
def test_the_case_study_passes_two_of_nine() -> None:
    folder = design_example("case-study")
    files = {path.name: path.read_bytes() for path in folder.glob("*.yaml")}

    assert failed_scenarios(score(files, scorecard(*BEHAVIOUR))) == set("BDEFGHI")


@pytest.mark.usefixtures("_promtool")
def test_what_sloth_generates_does_what_it_promises() -> None:
    """It has no alert for missing metrics, and its gauges of a house's wifi have no status."""
    folder = corpus("slo") / "slok__sloth" / "examples" / "_gen"
    report = score(
        {"a/slo.yaml": (folder / "k8s-getting-started.yml").read_bytes()}, scorecard(*BEHAVIOUR)
    )
    wifi = score({"a/slo.yaml": (folder / "k8s-home-wifi.yml").read_bytes()}, scorecard(*BEHAVIOUR))

    good, missing = {State.PASS}, State.FAIL
    assert {states(report, "")[check] for check in BEHAVIOUR[:4]} == good
    assert states(report, "")["PR-06"] is missing
    assert {states(wifi, "")[check] for check in BEHAVIOUR[:4]} == {State.NO_DATA}


def pyrra(service: str, team: str = "", quoted: str = "") -> dict[str, Any]:
    """Rules in the manner of Pyrra: burn rates recorded for one objective of 99.9% in four weeks."""
    job = quoted or f'"{service}"'
    which = f"job={job}"
    records = [
        {
            "record": f"http_requests:burnrate{window}",
            "expr": f'sum(rate(http_requests_total{{{which},code=~"5.."}}[{window}]))'
            f" / sum(rate(http_requests_total{{{which}}}[{window}]))",
            "labels": {"job": service, "slo": "availability"} | ({"team": team} if team else {}),
        }
        for window in ("5m", "30m", "1h", "2h", "6h", "1d", "4d")
    ]
    burn = f'http_requests:burnrate%s{{{which},slo="availability"}} > (%s * (1-0.999))'
    alerts = [
        {
            "alert": "ErrorBudgetBurn",
            "expr": f"{burn % (short, factor)} and {burn % (long, factor)}",
            "for": wait,
            "labels": {"severity": severity, "long": long, "short": short},
        }
        for short, long, factor, severity, wait in (
            ("5m", "1h", 14, "critical", "2m"),
            ("30m", "6h", 7, "critical", "15m"),
            ("2h", "1d", 2, "warning", "1h"),
            ("6h", "4d", 1, "warning", "3h"),
        )
    ]
    absent = {
        "alert": "SLOMetricAbsent",
        "expr": f"absent(http_requests_total{{{which}}}) == 1",
        "for": "2m",
        "labels": {"severity": "critical"},
    }
    rules = [*records, *alerts, absent]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": service, "namespace": "payments"},
        "spec": {"groups": [{"name": service, "rules": rules}]},
    }


def service_with(rules: dict[str, Any], name: str = "checkout") -> bytes:
    parts = as_yaml([*objects("rollout", "service").values(), rules])
    return parts.replace("name: checkout", f"name: {name}").encode()


@pytest.mark.usefixtures("_promtool")
def test_rules_in_the_manner_of_pyrra_pass() -> None:
    report = score({"a/all.yaml": service_with(pyrra("checkout"))}, scorecard(*BEHAVIOUR))

    assert set(states(report).values()) == {State.PASS}


@pytest.mark.usefixtures("_promtool")
def test_alike_services_are_played_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred services of one scaffold cost as much as one."""
    run: list[Play] = []

    def counted(tool: str, plays: Any) -> dict[Play, Played]:
        run.extend(dict.fromkeys(plays))
        return play_all(tool, plays)

    monkeypatch.setattr(
        "flagstone.scorecards.engine.alert_scenarios.performances.play_all", counted
    )
    names = [f"shop-{number}" for number in range(12)]
    teams = [*names[:4], "cards", "payments", *["availability"] * 6]
    files = {
        f"{name}/all.yaml": service_with(pyrra(name, team), name)
        for name, team in zip(names, teams, strict=True)
    }

    report = score(files, scorecard("PR-03"))

    assert {verdict(report, "PR-03", name).state for name in names} == {State.PASS}
    assert len(run) == 5  # minutes, quarters of an hour, a day, three days, silence


@pytest.mark.usefixtures("_promtool")
@pytest.mark.parametrize("quoted", ["'checkout'", "`checkout`", r'"check\u006fut"'])
def test_a_value_is_one_name_however_it_is_written(quoted: str) -> None:
    report = score(
        {"a/all.yaml": service_with(pyrra("checkout", quoted=quoted))},
        scorecard(*BEHAVIOUR),
    )

    assert set(states(report).values()) == {State.PASS}


@pytest.mark.usefixtures("_promtool")
@pytest.mark.parametrize("ago", ["10m", "1h"])
def test_an_alert_may_ask_what_was_recorded_some_time_ago(ago: str) -> None:
    """Between two evaluations of a scenario of days lies more than that."""
    found = objects("rollout", "service", "slo")
    for rule in found["slo"]["spec"]["groups"][1]["rules"]:
        if rule["alert"] == "CheckoutBurnTicketSlow":
            rule["expr"] += f" and on () slo:http_errors:ratio_rate1h offset {ago} > 0"

    report = score({"a/all.yaml": as_yaml(list(found.values())).encode()}, scorecard("PR-05"))

    assert verdict(report, "PR-05").state is State.PASS


@pytest.mark.usefixtures("_promtool")
def test_an_alert_may_ask_whether_something_was_recorded_all_the_time() -> None:
    found = objects("rollout", "service", "slo")
    (missing,) = (
        rule
        for rule in found["slo"]["spec"]["groups"][1]["rules"]
        if rule["alert"] == "CheckoutMetricsMissing"
    )
    missing["expr"] = "avg_over_time(absent(slo:http_errors:ratio_rate5m)[6h:5m])"

    report = score({"a/all.yaml": as_yaml(list(found.values())).encode()}, scorecard("PR-05"))

    assert verdict(report, "PR-05").state is State.PASS


@pytest.mark.usefixtures("_promtool")
def test_two_objectives_are_judged_apart() -> None:
    """What breaks one objective's alert does not hide behind the other's."""
    found = objects("rollout", "service", "slo")
    upside_down = {
        "alert": "CartBurns",
        "expr": '1 - sum(rate(cart_total{code=~"5.."}[5m])) / sum(rate(cart_total[5m])) > 0.001',
        "labels": {"severity": "page", "burn_rate": "1"},
    }
    found["slo"]["spec"]["groups"][1]["rules"].append(upside_down)

    report = score({"a/all.yaml": as_yaml(list(found.values())).encode()}, scorecard(*BEHAVIOUR))

    assert verdict(report, "PR-02").state is State.FAIL
    assert {f.message.split()[0] for f in verdict(report, "PR-02").findings} == {"CartBurns"}


@pytest.mark.usefixtures("_promtool")
def test_a_fault_names_the_alert_and_its_line() -> None:
    found = objects("rollout", "service", "slo")
    del found["slo"]["spec"]["groups"][1]["rules"][4]
    text = as_yaml(list(found.values()))

    (finding,) = verdict(score({"a/all.yaml": text.encode()}, scorecard("PR-06")), "PR-06").findings

    assert (
        finding.message
        == "no alert fires when there are no series at all for 20 minutes (scenario I)"
    )
    assert finding.place == "spec.groups.[checkout-slo.alerts].rules.[CheckoutBurnFast]"
    assert "CheckoutBurnFast" in text.splitlines()[finding.line - 1]


@pytest.mark.usefixtures("_promtool")
@pytest.mark.parametrize(
    ("counted", "unseen"),
    [("500", "503"), ("502|503", "500"), ("4..", "503"), ("5..", None), ("500|503", None)],
)
def test_an_alert_does_not_choose_its_outage(counted: str, unseen: str | None) -> None:
    """Requests fail as no selector expects it, and the fault says how."""
    rules = pyrra("checkout")
    text = as_yaml([*objects("rollout", "service").values(), rules]).replace("5..", counted)

    found = verdict(score({"a/all.yaml": text.encode()}, scorecard("PR-03")), "PR-03")

    told = f': no alert tells http_requests_total{{code="{unseen}"}} from success'
    assert [finding.message for finding in found.findings] == (
        []
        if unseen is None
        else [
            f"no page when {words}{told} (scenario {letter})"
            for letter, words in (
                ("C", "0.02 of the requests fail, 20 times the budget, for an hour"),
                ("D", "every request fails for 10 minutes, and none ever succeeded"),
            )
        ]
    )


def test_without_promtool_the_checks_say_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    found = as_yaml(list(objects("rollout", "service", "slo").values())).encode()

    report = score({"a/all.yaml": found}, scorecard(*BEHAVIOUR))

    assert {verdict(report, check).summary for check in BEHAVIOUR} == {
        f"promtool is not installed: {promtool.HOW_TO_GET}"
    }
    assert set(states(report).values()) == {State.NO_DATA}


def script(folder: Path, text: str) -> str:
    path = folder / "promtool"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_rules_that_are_slow_are_stopped_with_all_they_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playing, "_SECONDS_EACH", 0.5)
    tool = script(tmp_path, f"/bin/sleep 60 & echo $! > {tmp_path}/child; wait")
    asked = Play("{}", "{}")
    started = time.monotonic()

    found = play_all(tool, [asked])

    assert found[asked].reason.startswith("promtool did not finish these rules in")
    assert time.monotonic() - started < 45
    child = int((tmp_path / "child").read_text())
    assert _is_gone(child)


def _is_gone(pid: int) -> bool:
    for _ in tries():
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
    return False


def test_an_answer_is_remembered_between_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    line = r'expr: "x # D@10", time: 10m0s,\n exp: none\n got: {alertname="a3"} 1E+00'
    tool = script(tmp_path, f"echo run >> {tmp_path}/runs; printf '{line}\\n'")
    asked = Play("{}", "{}")

    first = play_all(tool, [asked])[asked]
    kept_answers._here.clear()
    second = play_all(tool, [asked])[asked]

    assert first.firing == second.firing == {("D", 10): frozenset({"a3"})}
    assert (tmp_path / "runs").read_text() == "run\n"


def test_a_cache_that_cannot_be_written_is_only_slower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file where a folder is wanted")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tool = script(tmp_path, r"""printf 'expr: "x # D@10", time: 10m\n got: nil\n'""")
    asked = Play("{}", "{}")

    assert play_all(tool, [asked])[asked] == Played({("D", 10): frozenset()})


def test_what_promtool_says_is_read_by_scenario() -> None:
    output = (
        'Unit Testing:  tests.json\n  FAILED:\n    expr: "count # A@60", time: 1h,\n'
        '        exp: {alertname="none"} 0E+00\n        got: nil\n'
        '    expr: "count # A@120", time: 2h,\n        exp: {alertname="none"} 0E+00\n'
        '        got: {alertname="a0"} 1E+00, {alertname="a12"} 1E+00\n'
    )

    assert read_answers(output) == {
        ("A", 60): frozenset(),
        ("A", 120): frozenset({"a0", "a12"}),
    }


@pytest.mark.usefixtures("_promtool")
def test_a_rule_that_promtool_refuses_is_named_as_its_author_knows_it() -> None:
    rules = '{"groups":[{"name":"played","rules":[{"record":"slo:a","expr":"sum(up"}]}]}'
    asked = Play(rules, '{"rule_files":["rules.json"],"tests":[{"interval":"1m"}]}')

    found = play_all(promtool.find() or "", [asked])[asked]

    assert found.reason.startswith(
        'promtool could not play them: "slo:a": could not parse expression: 1:7: parse error: '
    )


@pytest.mark.usefixtures("_promtool")
@pytest.mark.parametrize(
    "expr",
    [
        'rate(x{code=~"5..|((((a+)+)+)+)b"}[5m]) > 0.01',
        'rate(x{code=~"(unclosed"}[5m]) > 0.01',
        'rate({__name__=~".+",code=~"5.."}[5m]) > 0.01',
        "a:b > 1 and " * 200 + "a:b > 1",
        'sum(rate(x{code="5\\"03"}[5m])) / sum(rate(x[5m])) > 14.4 * 0.001',
        'ALERTS{alertname="X"} == 1',
    ],
)
def test_strange_rules_never_break_a_check(expr: str) -> None:
    found = objects("rollout", "service", "slo")
    found["slo"]["spec"]["groups"][1]["rules"] = [
        {"alert": "Strange", "expr": expr, "labels": {"severity": "page"}},
        {"record": "loop:a", "expr": "loop:b"},
        {"record": "loop:b", "expr": "loop:a"},
        {"alert": "Loop", "expr": "loop:a > 14.4 * 0.001"},
    ]

    report = score({"a/all.yaml": as_yaml(list(found.values())).encode()}, scorecard(*BEHAVIOUR))

    assert State.ERROR not in states(report).values()
