"""What the alerts do when something happens: nine scenarios, played by Prometheus itself.

After the SRE Workbook's chapter on alerting on SLOs: a page when hours of budget go, a ticket when days do.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scaffolds.rendering import one, render

A_MINUTE = 2_000_000  # requests, so that every share below is a whole number of them
DAYS_LONG = (
    "GH"  # their rules are evaluated each five minutes: promtool needs a minute for each otherwise
)


@dataclass(frozen=True)
class Phase:
    """For so many minutes, this share of the requests was answered with each code."""

    minutes: int
    shares: dict[str, Fraction]


@dataclass(frozen=True)
class Look:
    """What has to be seen after so many minutes; None: it does not matter."""

    minute: int
    page: bool | None
    ticket: bool | None


def failing(minutes: int, share: Fraction) -> Phase:
    return Phase(minutes, {"200": 1 - share, "503": share})


HEALTHY = {"200": Fraction(1), "503": Fraction(0)}


def scenarios(budget: Fraction) -> dict[str, tuple[list[Phase], list[Look]]]:
    return {
        "A only 200": ([Phase(120, {"200": Fraction(1)})], [Look(120, False, False)]),
        "B redirects and mistakes of callers": (
            [
                Phase(
                    120,
                    {"200": Fraction(90, 100), "302": Fraction(6, 100), "404": Fraction(4, 100)},
                )
            ],
            [Look(120, False, False)],
        ),
        "C 20 times the budget": ([failing(120, 20 * budget)], [Look(60, True, None)]),
        "D everything fails from the start": (
            [Phase(30, {"503": Fraction(1)})],
            [Look(10, True, None)],
        ),
        "E twice the budget for 20 minutes": (
            [Phase(300, HEALTHY), failing(20, 2 * budget)],
            [Look(310, False, False), Look(320, False, False)],
        ),
        "F over, 35 minutes ago": (
            [Phase(300, HEALTHY), failing(60, Fraction(1, 10)), Phase(60, HEALTHY)],
            [Look(355, True, None), Look(395, False, None)],
        ),
        "G 4 times the budget for 26 hours": (
            [failing(26 * 60, 4 * budget)],
            [Look(26 * 60, False, True)],
        ),
        "H twice the budget for 74 hours": (
            [failing(74 * 60, 2 * budget)],
            [Look(74 * 60, False, True)],
        ),
    }


def series(phases: list[Phase]) -> list[dict[str, str]]:
    """Counters in promtool's notation, a sample a minute."""
    found = []
    for code in sorted({code for phase in phases for code in phase.shares}):
        count, pieces = 0, ["0"]
        for phase in phases:
            step = phase.shares.get(code, Fraction(0)) * A_MINUTE
            assert step.denominator == 1
            pieces.append(f"{count + int(step)}+{int(step)}x{phase.minutes - 1}")
            count += int(step) * phase.minutes
        labels = f'namespace="payments",service="checkout",code="{code}"'
        found.append({"series": f"http_requests_total{{{labels}}}", "values": " ".join(pieces)})
    return found


def expectations(look: Look) -> list[dict[str, Any]]:
    wanted = {"page": look.page, "ticket": look.ticket}
    return [
        {
            "expr": f'count(ALERTS{{alertstate="firing",severity="{severity}"}}) > bool 0',
            "eval_time": f"{look.minute}m",
            "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
        }
        for severity, fires in wanted.items()
        if fires is not None
    ]


def played(
    tests: list[dict[str, Any]], rules: dict[str, Any], folder: Path, *, evaluated_every: str = "1m"
) -> str:
    """Return what promtool says against them; nothing when all is as expected."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    document = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": evaluated_every,
        "tests": tests,
    }
    (folder / "test.yaml").write_text(yaml.safe_dump(document), "utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", "test.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def plays_of(budget: Fraction) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "interval": "1m",
            "input_series": series(phases),
            "promql_expr_test": [each for look in looks for each in expectations(look)],
        }
        for name, (phases, looks) in scenarios(budget).items()
    ]
    missing = 'count(ALERTS{alertname="CheckoutSLIMissing",alertstate="firing"})'
    sample = [{"labels": "{}", "value": 1}]
    nothing = {"expr": missing, "eval_time": "20m", "exp_samples": sample}
    found.append({"name": "I no series", "interval": "1m", "promql_expr_test": [nothing]})
    return found


@pytest.mark.slow
@pytest.mark.parametrize("availability", ["99.5", "99.9", "99.95"])
def test_the_alerts_do_the_right_thing_in_nine_scenarios(availability: str, tmp_path: Path) -> None:
    rules = one(render("paved-path", {"availability": availability}), "PrometheusRule")["spec"]
    budget = 1 - Fraction(availability) / 100

    tests = plays_of(budget)
    assert len(tests) == 9
    days_long = [play for play in tests if play["name"][0] in DAYS_LONG]
    assert played([play for play in tests if play not in days_long], rules, tmp_path) == ""
    assert played(days_long, rules, tmp_path, evaluated_every="5m") == ""


@pytest.mark.parametrize("name", ["A only 200", "D everything fails from the start"])
def test_the_scenarios_catch_the_alert_of_the_case_study(name: str, tmp_path: Path) -> None:
    """Its ratio is upside down: it fires while all is well, and is silent when everything fails."""
    which = 'http_requests_total{service="checkout"'
    upside_down = {
        "alert": "CheckoutAvailabilityErrorBudgetBurn",
        "expr": f'(1 - sum(rate({which},code!~"2.."}}[5m])) / sum(rate({which}}}[5m]))) > (1 - 0.999)',
        "for": "5m",
        "labels": {"severity": "page"},
    }
    rules = {"groups": [{"name": "slo-burn", "rules": [upside_down]}]}
    (play,) = (play for play in plays_of(Fraction(1, 1000)) if play["name"] == name)
    if name.startswith("A"):  # in the article's world a healthy service has a redirect now and then
        play["input_series"] = series(
            [Phase(120, {"200": Fraction(999, 1000), "302": Fraction(1, 1000)})]
        )

    assert "FAILED" in played([play], rules, tmp_path)
