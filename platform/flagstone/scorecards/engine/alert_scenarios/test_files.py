"""Scenarios as test files of promtool, and what promtool prints of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagstone.scorecards.engine.alert_scenarios.answers import Answers
from flagstone.scorecards.engine.alert_scenarios.scenarios import A_MINUTE, Phase, Scenario
from flagstone.scorecards.engine.alert_scenarios.series import Counter, written

_FIRING = 'count by (alertname) (ALERTS{alertstate="firing"})'
_NOTHING = [{"labels": '{alertname="none"}', "value": 0}]  # never so: promtool says what is instead
_ANSWER = re.compile(r'^\s*expr: ".*# (?P<letter>[A-I])@(?P<minute>\d+)"', re.MULTILINE)
_ALERT = re.compile(r'alertname="(?P<name>\w+)"')
_FEW = 3  # samples, of which leaving some out saves nothing

Firing = Mapping[tuple[str, int], frozenset[str]]


@dataclass(frozen=True, slots=True)
class World:
    """The series that exist: counters of requests, and gauges that are 1."""

    counters: tuple[Counter, ...]
    gauges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Play:
    """One run of promtool: rules, and the scenarios that are evaluated in the same steps."""

    rules: str
    tests: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How often something happens.

    Attributes:
        step: seconds between two evaluations of the rules.
        sample: seconds between two samples of a series.
        pairs: seconds from one pair of samples to the next, of which an evaluation is a multiple: other
            samples are not there, which saves most of the time that days cost, and a ratio of rates is the
            same with fewer. None if all are there.
    """

    step: int
    sample: int
    pairs: int | None


def play(rules: str, scenarios: Iterable[Scenario], world: World, pace: Pace) -> Play:
    """Write scenarios of one pace down, with their series, for a rule file."""
    tests = [
        {
            "name": scenario.letter,
            "interval": f"{pace.sample}s",
            "input_series": _series(scenario, world, pace),
            "promql_expr_test": [
                {
                    "expr": f"{_FIRING} # {scenario.letter}@{look.minute}",
                    "eval_time": f"{look.minute}m",
                    "exp_samples": _NOTHING,
                }
                for look in scenario.looks
            ],
        }
        for scenario in scenarios
    ]
    document = {
        "rule_files": ["rules.json"],
        "evaluation_interval": f"{pace.step}s",
        "tests": tests,
    }
    return Play(rules, json.dumps(document, sort_keys=True))


def _series(scenario: Scenario, world: World, pace: Pace) -> list[dict[str, str]]:
    if not scenario.phases:
        return []
    found = []
    for counter in world.counters:
        if counter.answers is None:
            values = _values(scenario.phases, [1.0] * len(scenario.phases), pace)
            found.append({"series": written(counter.metric, counter.labels), "values": values})
            continue
        for value in counter.answers.values:
            shares = [_share(counter.answers, value, phase) for phase in scenario.phases]
            if any(shares) or scenario.failed_once:
                labels = (*counter.labels, (counter.answers.label, value))
                values = _values(scenario.phases, shares, pace)
                found.append({"series": written(counter.metric, labels), "values": values})
    minutes = sum(phase.minutes for phase in scenario.phases)
    found += [
        {"series": gauge, "values": f"1x{minutes * 60 // pace.sample}"} for gauge in world.gauges
    ]
    return found


def _share(answers: Answers, value: str, phase: Phase) -> float:
    good = 1 - phase.bad - phase.moved - phase.mistaken
    shares = (
        (answers.good, good),
        (answers.moved, phase.moved),
        (answers.mistaken, phase.mistaken),
        (answers.bad, phase.bad),
    )
    return sum(share for one, share in shares if one == value)


def _values(phases: tuple[Phase, ...], shares: list[float], pace: Pace) -> str:
    """A counter in promtool's notation; a phase begins with a sample of its own growth."""
    count, pieces = 0, ["0"]
    for phase, share in zip(phases, shares, strict=True):
        growth = round(share * A_MINUTE * pace.sample / 60)
        samples = phase.minutes * 60 // pace.sample
        each = (pace.pairs or 0) // pace.sample
        if each > _FEW:
            pieces += _pairs(count, growth, samples, each)
        else:
            pieces.append(f"{count + growth}+{growth}x{samples - 1}")
        count += growth * samples
    return " ".join(pieces)


def _pairs(count: int, growth: int, samples: int, each: int) -> Iterator[str]:
    """The last two of each so many samples; `_` is a sample that is not there."""
    for last in range(each, samples + 1, each):
        yield f"_x{each - 2} {count + growth * (last - 1)}+{growth}x1"


def read_answers(output: str) -> dict[tuple[str, int], frozenset[str]]:
    """The alerts that fired, by scenario and minute; what promtool could not evaluate is left out."""
    found: dict[tuple[str, int], frozenset[str]] = {}
    heads = list(_ANSWER.finditer(output))
    for position, head in enumerate(heads):
        end = heads[position + 1].start() if position + 1 < len(heads) else len(output)
        _, got, names = output[head.end() : end].partition("got:")
        if got:
            key = head["letter"], int(head["minute"])
            found[key] = frozenset(match["name"] for match in _ALERT.finditer(names))
    return found


def rule_file(rules: Iterable[dict[str, Any]]) -> str:
    """One group, whose rules see what the ones before them made at the same moment."""
    return json.dumps({"groups": [{"name": "played", "rules": list(rules)}]}, sort_keys=True)
