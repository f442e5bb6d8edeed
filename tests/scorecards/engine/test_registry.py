"""The registry: ids are permanent, unique and documented."""

from __future__ import annotations

import re

import pytest

from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.engine.policy_verdicts import PolicyVerdicts
from flagstone.scorecards.engine.registry import Registry
from tests.scorecards.engine.samples import policies


def test_an_id_is_given_once() -> None:
    check = next(iter(REGISTRY))

    with pytest.raises(ValueError, match=f"two checks have the id {check.id}"):
        Registry([check, check])


PROMISED = """
PB-01 PB-02 PB-03 PB-04 PB-05 PB-06 RS-01 RS-02 RO-01 RO-02 RO-03 RO-04 RO-05 RO-08 RO-09 RO-10 RO-11
VS-01 VS-02 VS-03 VS-04 VS-05 VS-06 DR-01 DR-02 DR-03 DR-04 DR-05 HP-01 HP-02 PD-01 PD-02 PD-03 SC-01
IM-01 PR-01 PR-07 PR-09 SM-01 AC-01 AC-02 AC-03 AC-04 AC-05 AC-06 RB-01 RB-02 RB-03
"""


def test_the_promised_checks_are_there() -> None:
    assert [check_id for check_id in PROMISED.split() if check_id not in REGISTRY] == []


@pytest.mark.parametrize("check", list(REGISTRY), ids=lambda check: check.id)
def test_every_check_says_what_people_need(check: object) -> None:
    texts = [
        getattr(check, field) for field in ("rule", "why", "remedy", "not_applicable", "no_data")
    ]

    assert re.fullmatch(r"[A-Z]{2}-\d{2}", check.id)
    assert check.name[0].isupper()
    assert not check.name.endswith(".")
    assert all(text.endswith(".") and len(text) > 15 for text in texts), texts


def test_the_policies_report_every_check_that_is_theirs() -> None:
    verdicts = PolicyVerdicts(policies(), ClusterView())

    assert [check.id for check in REGISTRY if check.policy and not verdicts.covers(check.id)] == []
