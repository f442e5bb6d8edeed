"""PromQL taken apart: constants, windows, comparisons, burn rates."""

from __future__ import annotations

import csv
import re

import pytest
import yaml

from flagstone.scorecards.engine.prometheus.promql import (
    Clause,
    PromQLError,
    Records,
    alternatives,
    clause,
    constant,
    parse,
    window,
)
from tests.corpora import corpus

NONE = Records({})
_UNITS = {"m": 60, "h": 3600, "d": 86400}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("14.4 * 0.001", 0.0144),
        ("14.4 * (1 - 0.999)", 0.0144),
        ("(14.4 * (1 - 99.9/100))", 0.0144),
        ("-(-3)", 3.0),
        ("2 ^ 3 % 5", 3.0),
        ("vector(0.999)", 0.999),
        ("1 / 0", None),
        ("(-8) ^ 0.5", None),
        ("up", None),
        ("1 - up", None),
    ],
)
def test_constants_are_folded(text: str, value: float | None) -> None:
    found = constant(parse(text), NONE)

    assert found == (value if value is None else pytest.approx(value))


def test_a_recorded_constant_is_folded() -> None:
    records = Records({"slo:objective:ratio": "vector(0.999)"})

    assert constant(parse('1 - slo:objective:ratio{slo="x"}'), records) == pytest.approx(0.001)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("rate(errors[5m])", 300),
        ("sum(rate(errors[1h])) / sum(rate(requests[1h]))", 3600),
        ("max_over_time(rate(errors[5m])[2h:1m])", 7200),
        ("slo:errors:ratio_rate6h", 21600),
        ("http_requests:burnrate3d", 259200),
        ("up", None),
    ],
)
def test_windows(text: str, seconds: int | None) -> None:
    assert window(parse(text), NONE) == seconds


def test_the_window_of_a_recorded_name_is_that_of_its_rule() -> None:
    records = Records({"burn:fast": "burn:inner / 0.001", "burn:inner": "sum(rate(errors[1h]))"})

    assert window(parse("burn:fast"), records) == 3600


def test_the_rule_wins_over_the_name() -> None:
    records = Records({"errors:ratio_rate5m": "sum(rate(errors[10m]))"})

    assert window(parse("errors:ratio_rate5m"), records) == 600


def test_rules_that_refer_to_each_other_end() -> None:
    records = Records({"a": "b + 1", "b": "a + 1"})

    assert window(parse("a > 1"), records) is None
    assert constant(parse("a"), records) is None


def test_a_rule_of_others_is_asked_last() -> None:
    others = Records({"x": "rate(a[1h])", "y": "rate(b[2h])"})
    own = Records({"x": "rate(a[5m])"}, beyond=others)

    assert window(parse("x"), own) == 300
    assert window(parse("y"), own) == 7200


def clauses(text: str) -> list[list[tuple[int | None, float | None, float | None]]]:
    return [
        [
            (found.window, found.limit and round(found.limit, 6), found.burn)
            for comparison in together
            if (found := clause(comparison, NONE))
        ]
        for together in alternatives(parse(text))
    ]


def test_and_or_unless_and_aggregations_are_flattened() -> None:
    text = """
      (max(a:rate5m > (14.4 * 0.001)) without (w) and max(a:rate1h > (14.4 * 0.001)) without (w))
      or (a:rate30m > 0.006 and a:rate6h > 0.006 unless on() up == 0)
    """

    assert clauses(text) == [
        [(300, 0.0144, 14.4), (3600, 0.0144, 14.4)],
        [(1800, 0.006, None), (21600, 0.006, None)],
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:rate5m > 14.4 * 0.001", (300, 0.0144, 14.4)),
        ("0.001 * 14.4 < a:rate5m", (300, 0.0144, 14.4)),
        ("a:rate5m >= bool 0.0144", (300, 0.0144, None)),
        ("a:rate5m > 14.4", (300, 14.4, 14.4)),
        ("a:rate5m > 0.9333 * 0.001", (300, 0.000933, 0.9333)),
        ("a:rate5m > 14.4 * (1 - objective)", (300, None, 14.4)),
        ("a:rate5m > b", (300, None, None)),
        ("a:rate5m > b * 0.02 * (1 - 0.999)", (300, None, None)),
        ("a:rate5m > b * 14.4", (300, None, 14.4)),
        # a share of successes
        ("a:rate5m < 1 - 14.4 * 0.001", (300, 0.0144, 14.4)),
        ("(1 - 14.4 * (1 - 0.999)) >= a:rate5m", (300, 0.0144, 14.4)),
        ("a:rate5m < 0.9856", (300, 0.0144, None)),
        ("a:rate5m < 1 - 14.4 * (1 - objective)", (300, None, 14.4)),
        # a percentage
        ("100 * a:rate5m > 1.44", (300, 0.0144, None)),
        ("sum(a:rate5m) * 100 > 14.4 * (100 - 99.9)", (300, 0.0144, 14.4)),
        ("max without (w) (100 * (a:rate5m)) > 14.4 * 5", (300, 0.72, 14.4)),
        ("100 * a:rate5m < 98.56", (300, 0.0144, None)),
        ("a:rate5m * 100 < 100 - 14.4 * 0.1", (300, 0.0144, 14.4)),
    ],
)
def test_a_comparison(text: str, expected: tuple[object, ...]) -> None:
    assert clauses(text) == [[expected]]


def test_a_recorded_percentage() -> None:
    known = Records({"p": "100 * a:rate5m", "q": "avg(p)", "loop": "loop"})

    for name in ("p", "q"):
        assert clause(parse(f"{name} > 1.44"), known) == Clause(300, 0.0144, None)
    assert clause(parse("loop > 1.44"), known) is None


@pytest.mark.parametrize(
    "text", ["a:rate5m < 0.1", "a:rate5m < 20", "a:rate5m < 1", "a:rate5m < b"]
)
def test_few_of_something_is_not_a_share_of_failures(text: str) -> None:
    assert clauses(text) == [[]]


def test_what_does_not_parse_gives_the_parsers_reason() -> None:
    with pytest.raises(PromQLError, match="unclosed left parenthesis"):
        parse("sum(")


def test_recorded_rules_that_do_not_parse_are_left_out() -> None:
    assert Records({"a": "sum("}).tree("a") is None


@pytest.mark.corpus
def test_every_alert_of_sloth_is_taken_apart_as_expected() -> None:
    folder = corpus("slo")
    with (folder / "EXPECTED_alerts.tsv").open() as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    column = next(name for name in rows[0] if name.startswith("clauses"))
    for row in rows:
        documents = list(yaml.safe_load_all((folder / row["file"]).read_text()))
        document = documents[int(row["doc"])]
        groups = (document.get("spec") or document)["groups"]
        group = next(group for group in groups if group["name"] == row["group"])
        texts = [
            rule["expr"]
            for rule in group["rules"]
            if rule.get("alert") == row["alert"]
            and row["severity"] in {str(v) for v in rule.get("labels", {}).values()}
        ]
        found = [
            {
                (c.window, round(c.burn or 0, 4))
                for together in alternatives(parse(text))
                for item in together
                if (c := clause(item, NONE))
            }
            for text in texts
        ]
        assert _expected(row[column]) in found, row


def _expected(text: str) -> set[tuple[int, float]]:
    found = re.findall(r"(\d+)([mhd])>([\d.]+)\*", text)
    return {(int(number) * _UNITS[unit], round(float(factor), 4)) for number, unit, factor in found}


def test_an_expression_that_fills_a_file_is_not_read() -> None:
    with pytest.raises(PromQLError, match="it is longer than 100,000 characters"):
        parse("x+" * 2_000_000 + "1")
