"""Scorecards: what a file may say, and errors that name the file and the line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.engine.checks.pods.probes import StartParams
from flagstone.scorecards.engine.definition import ScorecardError, load_scorecard, read_scorecard
from tests.scorecards.engine.samples import SCORECARDS

HEAD = """apiVersion: flagstone.dev/v1
kind: Scorecard
metadata: {name: mine}
spec:
  levels: [bronze, gold]
  checks:
"""


def read(checks: str, head: str = HEAD) -> object:
    return read_scorecard((head + checks).encode(), name="mine.yaml")


def error(checks: str, head: str = HEAD) -> str:
    with pytest.raises(ScorecardError) as caught:
        read(checks, head)
    assert caught.value.code == "scorecard.invalid"
    return caught.value.message


def test_a_rule_has_a_level_weight_params_and_a_first_day() -> None:
    card = read_scorecard(
        (
            HEAD + "    - {id: PB-03, level: gold, weight: 5, params: {start_seconds: 60}, "
            "enforced_from: 2027-01-31}\n"
        ).encode(),
        name="mine.yaml",
    )

    (rule,) = card.rules
    assert rule.check is REGISTRY.get("PB-03")
    assert (rule.level, rule.weight, rule.enforced_from) == ("gold", 5, date(2027, 1, 31))
    assert rule.params == StartParams(start_seconds=60)
    assert [level.title for level in card.levels] == ["Bronze", "Gold"]
    assert card.rank("gold") == 1


def test_the_severity_decides_the_weight_unless_the_file_does() -> None:
    card = read_scorecard(
        (HEAD + "    - {id: PB-01, level: bronze}\n    - {id: IM-01, level: gold}\n").encode(),
        name="mine.yaml",
    )

    assert [rule.weight for rule in card.rules] == [8, 2]


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        (
            "    - {id: PB-1, level: gold}\n",
            "mine.yaml:7: there is no check 'PB-1': is PB-01 meant?",
        ),
        ("    - {id: PB-01, level: platinum}\n", "mine.yaml:7: PB-01: level must be one of bronze"),
        ("    - {id: PB-01}\n", "mine.yaml:7: PB-01: level must be one of bronze"),
        (
            "    - id: PB-01\n      level: gold\n      wieght: 3\n",
            "mine.yaml:9: unknown key 'wieght'",
        ),
        (
            "    - id: PB-03\n      level: gold\n      params:\n        seconds: 3\n",
            "mine.yaml:10: PB-03: the check has no parameter 'seconds': it has start_seconds",
        ),
        (
            "    - id: PB-03\n      level: gold\n      params:\n        start_seconds: soon\n",
            "mine.yaml:10: PB-03: start_seconds must be a whole number, not 'soon'",
        ),
        (
            "    - id: PR-09\n      level: gold\n      params: {severities: page}\n",
            "mine.yaml:9: PR-09: severities must be a list of texts",
        ),
        ("    - {id: PB-01, level: gold, params: [1]}\n", "PB-01: params is a mapping"),
        ("    - {id: PB-01, level: gold, weight: 0}\n", "weight is a whole number from 1 to 100"),
        ("    - {id: PB-01, level: gold, weight: true}\n", "weight is a whole number"),
        (
            "    - {id: PB-01, level: gold, enforced_from: soon}\n",
            "mine.yaml:7: PB-01: enforced_from is a date such as 2027-01-31",
        ),
        (
            "    - {id: PB-01, level: gold}\n    - {id: PB-01, level: bronze}\n",
            "mine.yaml:8: PB-01 is listed twice",
        ),
        ("    - PB-01\n", "mine.yaml:7: a check is a mapping with an id"),
        ("    []\n", "spec.checks must be a list with at least one entry"),
        ("    - {id: PB-01, level: [\n", "mine.yaml:"),
    ],
)
def test_an_error_names_the_line(checks: str, message: str) -> None:
    assert message in error(checks)


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace("flagstone.dev/v1", "flagstone.dev/v2"),
        HEAD.replace("kind: Scorecard", "kind: Scoreboard"),
        "kind: Scorecard\n---\n" + HEAD,
    ],
)
def test_another_kind_of_file_is_refused(head: str) -> None:
    message = error("    - {id: PB-01, level: gold}\n", head)

    assert message == (
        "mine.yaml:1: expected one document with apiVersion flagstone.dev/v1 and kind Scorecard"
    )


def test_a_name_is_needed() -> None:
    assert "metadata.name is missing" in error(
        "    - {id: PB-01, level: gold}\n", HEAD.replace("{name: mine}", "{}")
    )


def test_binary_is_refused() -> None:
    with pytest.raises(ScorecardError, match="not text in UTF-8"):
        read_scorecard(b"\xff\x00\xfe", name="mine.yaml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScorecardError, match="the scorecard cannot be read: No such file"):
        load_scorecard(tmp_path / "none.yaml")


@pytest.mark.parametrize("path", sorted(SCORECARDS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_scorecards_of_the_house_can_be_loaded(path: Path) -> None:
    card = load_scorecard(path)

    assert card.name == path.stem
    assert card.title
    assert card.description
    assert all(level.description for level in card.levels)


def test_production_readiness_measures_every_check() -> None:
    card = load_scorecard(SCORECARDS / "production-readiness.yaml")

    assert [level.name for level in card.levels] == ["bronze", "silver", "gold"]
    assert {rule.check.id for rule in card.rules} == {check.id for check in REGISTRY}
