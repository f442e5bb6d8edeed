"""Flagstone agrees with what others counted, and the page that says so is the one of this run."""

from __future__ import annotations

import os

import pytest

from tests.agreement import counting
from tests.agreement.page import PAGE, differences, mistakes, page

pytestmark = pytest.mark.corpus


def test_every_cell_of_real_manifests_agrees() -> None:
    counts = counting.facts()
    assert [count for count in counts if count.otherwise] == []
    assert sum(count.compared for count in counts) == 1030
    assert {count.about for count in counts} > {
        "readiness",
        "mem_limit",
        "step_kinds",
        "vs_retries",
    }


def test_every_custom_resource_is_judged_as_in_the_table() -> None:
    counts = counting.schemas()
    assert [(count.compared, count.otherwise) for count in counts] == [(44, ()), (2, ())]


def test_every_burn_alert_is_taken_apart_as_in_the_table() -> None:
    counts = counting.burn_alerts()
    assert [count for count in counts if count.otherwise] == []
    assert sum(count.compared for count in counts) == 14


def test_every_mistake_of_the_case_study_is_caught() -> None:
    found = mistakes()
    assert [(mistake, checks) for mistake, checks, fails in found if fails != set(checks)] == []
    assert len(found) >= 20


def test_the_deliberate_differences_are_still_there() -> None:
    found = differences()
    assert [each for each in found if each.found is not each.expected] == []
    assert {each.tool for each in found} == {
        "kube-score",
        "Polaris",
        "kube-linter",
        "Gatekeeper library",
    }


def test_the_page_is_that_of_this_run() -> None:
    if os.environ.get("WRITE_AGREEMENT"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text("utf-8") == page(), "run `make agreement` and read what changed"
