"""Every check against its samples: the file's name says what the check must say."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.engine.states import State
from tests.scorecards.engine.samples import SAMPLES, read_sample, score, scorecard, verdict

EXPECTED = {
    "pass": State.PASS,
    "warn": State.WARN,
    "fail": State.FAIL,
    "na": State.NOT_APPLICABLE,
    "nodata": State.NO_DATA,
}
NEVER_PASS = {"IN-01", "IN-02"}  # nothing wrong with the files is no merit, so it does not apply
BY_PROMTOOL = {"PR-01", "PR-02", "PR-03", "PR-04", "PR-05", "PR-06", "PR-12"}
ALL = sorted(SAMPLES.glob("*/*.yaml"))


@pytest.mark.parametrize("path", ALL, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sample_gets_the_state_in_its_name(path: Path) -> None:
    check_id = path.parent.name
    if (check_id in BY_PROMTOOL or "promtool" in path.stem) and shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")

    report = score(read_sample(path), scorecard(check_id))

    found = verdict(report, check_id)
    assert found.state is EXPECTED[path.stem.partition("-")[0]], found
    assert found.summary
    if found.state in {State.FAIL, State.WARN}:
        assert found.findings
        assert all(finding.path and finding.message for finding in found.findings)


def _wanted(check_id: str) -> set[str]:
    if check_id == "RB-06":  # is measured, which no file holds: test_measured_rollbacks.py
        return {"na"}
    return {"fail", "na" if check_id in NEVER_PASS else "pass"}


def test_every_check_has_a_sample_that_passes_and_one_that_fails() -> None:
    kinds = defaultdict(set)
    for path in ALL:
        kinds[path.parent.name].add(path.stem.partition("-")[0])

    lacking = {
        check.id: wanted - kinds[check.id]
        for check in REGISTRY
        if (wanted := _wanted(check.id)) - kinds[check.id]
    }

    assert lacking == {}
    assert set(kinds) == {check.id for check in REGISTRY}


def test_findings_of_manifests_name_file_line_and_object() -> None:
    for path in ALL:
        if not path.stem.startswith("fail-") or path.parent.name in {"PR-01", "RB-01"}:
            continue
        check_id = path.parent.name
        for finding in verdict(score(read_sample(path), scorecard(check_id)), check_id).findings:
            if finding.object:
                assert finding.line, (path, finding)
