"""The promise of the paved path: what it makes holds every check of the scorecard, on the first day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flagstone.core.content import content_dir
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.reading import read_files
from flagstone.scorecards.engine.definition import load_scorecard
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.states import State
from tests.scaffolds.answers import AWKWARD
from tests.scaffolds.rendering import one, render

SCORECARDS = content_dir("scorecards")


OPTIONS: dict[str, dict[str, Any]] = {
    "without flags": {"flags": False},
    "with a synthetic customer": {"synthetics": True},
    "nginx": {"mesh": "nginx"},
    "nginx without retries": {"mesh": "nginx", "retries": "0"},
    "no mesh": {"mesh": "none"},
    "no mesh, a small first step": {"mesh": "none", "first_weight": "5", "flags": False},
    "no rollouts": {"rollouts": False},
    "no rollouts, nginx": {"rollouts": False, "mesh": "nginx"},
    "no rollouts, no mesh, no flags": {"rollouts": False, "mesh": "none", "flags": False},
    "a worker": {"kind": "worker"},
    "a worker without flags": {"kind": "worker", "flags": False},
}
CASES = AWKWARD | OPTIONS


@pytest.mark.parametrize("answers", CASES.values(), ids=CASES)
def test_a_new_service_is_gold(answers: dict[str, Any]) -> None:
    paved = render("paved-path", answers)
    project = one(paved, "Application")["spec"]["project"]
    files = render("gitops-repo") | render("gitops-project", {"name": project}) | paved

    today = datetime.now(UTC)
    report = evaluate(
        read_files({path: text.encode() for path, text in files.items()}),
        load_scorecard(SCORECARDS / "production-readiness.yaml"),
        PolicySet.load(SCORECARDS / "policies"),
        now=today,
    )

    (service,) = (
        found for found in report.services if found.name == answers.get("name", "checkout")
    )
    wanting = [
        f"{check.id} {check.state}: {check.summary}"
        for check in service.checks
        if check.state not in (State.PASS, State.NOT_APPLICABLE)
    ]
    assert wanting == _waived(answers, today)
    assert (service.level, service.score) == ("gold", 100)
    # nobody calls a worker: no routes, no canary
    least = 20 if answers.get("kind") == "worker" else 40 if answers.get("rollouts", True) else 30
    assert sum(check.state is State.PASS for check in service.checks) > least


@pytest.mark.parametrize("answers", CASES.values(), ids=CASES)
def test_no_policy_of_the_cluster_denies_a_new_service(answers: dict[str, Any]) -> None:
    policies = PolicySet.load(SCORECARDS / "policies")
    snapshot = read_files(
        {path: text.encode() for path, text in render("paved-path", answers).items()}
    )

    reviews = [policies.review(manifest) for manifest in snapshot.manifests]

    assert [str(violation) for review in reviews for violation in review.violations] == []
    assert [failure for review in reviews for failure in review.failures] == []


def _waived(answers: dict[str, Any], today: datetime) -> list[str]:
    """Without Argo Rollouts one check is waived, for half a year; all that look at a canary are not applicable."""
    if answers.get("rollouts", True):
        return []
    until = (today + timedelta(days=180)).date()
    return [f"RO-01 exempt: waived: made without Argo Rollouts (until {until})"]


def test_the_waiver_of_a_service_without_rollouts_ends() -> None:
    files = render("gitops-repo") | render("gitops-project", {"name": "payments"})
    files |= render("paved-path", {"rollouts": False})

    report = evaluate(
        read_files({path: text.encode() for path, text in files.items()}),
        load_scorecard(SCORECARDS / "production-readiness.yaml"),
        PolicySet.load(SCORECARDS / "policies"),
        now=datetime.now(UTC) + timedelta(days=182),
    )

    (service,) = (found for found in report.services if found.name == "checkout")
    (check,) = (check for check in service.checks if check.id == "RO-01")
    assert check.state is State.FAIL
    assert "the waiver expired on " in check.summary


@pytest.mark.parametrize("answers", OPTIONS.values(), ids=OPTIONS)
def test_a_new_service_is_gold_beside_one_that_is_in_the_mesh(answers: dict[str, Any]) -> None:
    files = render("gitops-repo") | render("gitops-project", {"name": "payments"})
    files |= render("paved-path", {"name": "neighbour"}) | render("paved-path", answers)

    report = evaluate(
        read_files({path: text.encode() for path, text in files.items()}),
        load_scorecard(SCORECARDS / "production-readiness.yaml"),
        PolicySet.load(SCORECARDS / "policies"),
        now=datetime.now(UTC),
    )

    assert {
        found.name: [
            c.id
            for c in found.checks
            if c.state not in (State.PASS, State.NOT_APPLICABLE, State.EXEMPT)
        ]
        for found in report.services
        if found.name in ("checkout", "neighbour")
    } == {"checkout": [], "neighbour": []}


def test_a_new_gitops_repository_itself_is_without_a_fault() -> None:
    files = render("gitops-repo") | render("gitops-project", {"name": "payments"})

    report = evaluate(
        read_files({path: text.encode() for path, text in files.items()}),
        load_scorecard(SCORECARDS / "production-readiness.yaml"),
        PolicySet.load(SCORECARDS / "policies"),
        now=datetime.now(UTC),
    )

    assert {"argocd", "payments", "platform"} <= {found.name for found in report.services}
    assert [
        f"{found.name} {c.id} {c.state}: {c.summary}"
        for found in report.services
        for c in found.checks
        if c.state not in (State.PASS, State.NOT_APPLICABLE)
    ] == []
