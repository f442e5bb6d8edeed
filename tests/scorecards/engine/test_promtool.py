"""promtool over many files at once."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from flagstone.scorecards.engine.prometheus import promtool
from flagstone.scorecards.engine.states import State
from tests.scorecards.engine.samples import files_of, objects, score, scorecard, verdict


def rule(expr: str) -> dict[str, Any]:
    return {"groups": [{"name": "g", "rules": [{"alert": "A", "expr": expr}]}]}


@pytest.fixture
def tool() -> str:
    found = promtool.find()
    if found is None:
        pytest.skip(f"promtool is not installed: {promtool.HOW_TO_GET}")
    return found


def test_complaints_are_sorted_by_file(tool: str) -> None:
    good, bad = rule("up == 0"), rule("sum(")
    unknown = {"groups": [{"name": "g", "foo": 1, "rules": []}]}
    twice = {"groups": [{"name": "g", "rules": []}, {"name": "g", "rules": []}]}

    found = promtool.check_rules(tool, [good, bad, unknown, twice])

    assert found[0] == ()
    assert [(c.group, c.rule) for c in found[1]] == [("g", 0)]
    assert "unclosed left parenthesis" in found[1][0].reason
    assert found[2][0].rule is None
    assert "field foo not found" in found[2][0].reason
    assert '"g" is repeated' in found[3][0].reason


def test_fields_of_the_operator_are_not_shown_to_promtool(tool: str) -> None:
    spec = rule("up == 0")
    spec["groups"][0] |= {"partial_response_strategy": "warn", "query_offset": "1m"}

    assert promtool.check_rules(tool, [spec]) == [()]


def test_junk_is_a_complaint_and_no_crash(tool: str) -> None:
    (found,) = promtool.check_rules(tool, [{"groups": "none"}])
    assert found == ()
    (found,) = promtool.check_rules(tool, [{"groups": ["x"]}])
    assert "cannot unmarshal" in found[0].reason


def script(folder: Path, text: str) -> str:
    path = folder / "promtool"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_promtool_that_fails_without_naming_a_file(tmp_path: Path) -> None:
    with pytest.raises(promtool.PromtoolError, match="promtool failed: out of memory"):
        promtool.check_rules(script(tmp_path, "echo out of memory >&2; exit 2"), [rule("up")])


def test_a_promtool_that_cannot_be_run(tmp_path: Path) -> None:
    with pytest.raises(promtool.PromtoolError, match="promtool did not answer"):
        promtool.check_rules(str(tmp_path / "none"), [rule("up")])


def test_without_promtool_the_check_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)

    report = score(files_of(objects("rollout", "service", "rules")), scorecard("PR-01"))

    found = verdict(report, "PR-01")
    assert found.state is State.NO_DATA
    assert found.summary == f"promtool is not installed: {promtool.HOW_TO_GET}"


def test_promtool_that_does_not_answer_is_no_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = script(tmp_path, "echo no >&2; exit 2")
    monkeypatch.setattr(promtool, "find", lambda: broken)

    report = score(files_of(objects("rollout", "service", "rules")), scorecard("PR-01"))

    assert verdict(report, "PR-01").state is State.NO_DATA
    assert verdict(report, "PR-01").summary == "promtool failed: no"


def test_a_complaint_leads_to_its_rule(tool: str) -> None:
    found = objects("rollout", "service", "rules")
    found["rules"]["spec"]["groups"][0]["rules"][1]["expr"] = "sum("

    (finding,) = verdict(score(files_of(found), scorecard("PR-01")), "PR-01").findings

    assert finding.place == "spec.groups.[checkout-slo].rules.[CheckoutBurnsSlowly]"
    assert finding.message.startswith('"CheckoutBurnsSlowly": could not parse expression')


@pytest.mark.parametrize(
    ("function", "state"), [("histogram_avg", State.NO_DATA), ("rated", State.FAIL)]
)
def test_a_function_that_came_later_is_no_mistake_of_the_rule(
    monkeypatch: pytest.MonkeyPatch, function: str, state: State
) -> None:
    reason = (
        f'could not parse expression: 1:1: parse error: unknown function with name "{function}"'
    )
    monkeypatch.setattr(promtool, "find", lambda: "/bin/promtool")
    monkeypatch.setattr(
        promtool, "check_rules", lambda _tool, specs: [(promtool.Complaint(reason),) for _ in specs]
    )
    files = files_of(objects("rollout", "service", "rules"))

    found = verdict(score(files, scorecard("PR-01")), "PR-01")

    later = ": a later promtool than the one here knows it"
    assert (found.state, found.summary) == (
        state,
        reason + (later if state is State.NO_DATA else ""),
    )
