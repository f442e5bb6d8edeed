"""What the scorecard makes of the demo: a spread that is worth looking at, and no history without a mark."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, time

import pytest

from flagstone.config.demo.histories import HISTORIES
from flagstone.config.demo.service_folder import ServiceFolder, Story
from flagstone.config.demo.services import SERVICES
from flagstone.config.demo.stories import alerts, pods, releases, traffic
from flagstone.core.content import content_dir
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.reading import read_files
from flagstone.scorecards.engine.definition import load_scorecard
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.reporting.report import ServiceReport
from flagstone.scorecards.engine.states import State
from tests.config.demo.rendering import TODAY

# the alerts of every service of the demo are played, which takes minutes on a busy machine
pytestmark = pytest.mark.timeout(900)

SCORECARDS = content_dir("scorecards")
WELL_KEPT = {
    "ledger-export",
    "payment-webhooks",
    "reconciliation",
    "regulatory-reports",
    "transaction-monitoring",
}
STORIES = [
    story
    for module in (alerts, pods, releases, traffic)
    for name, story in vars(module).items()
    if inspect.isfunction(story)
    and not name.startswith("_")
    and story.__module__ == module.__name__
]


@pytest.fixture(scope="module")
def scored(gitops: dict[str, bytes]) -> dict[str, ServiceReport]:
    return {service.name: service for service in _score(gitops)}


def _score(files: Mapping[str, bytes]) -> tuple[ServiceReport, ...]:
    return evaluate(
        read_files(files),
        load_scorecard(SCORECARDS / "production-readiness.yaml"),
        PolicySet.load(SCORECARDS / "policies"),
        now=datetime.combine(TODAY, time(12), tzinfo=UTC),
    ).services


def _states(service: ServiceReport, state: State) -> set[str]:
    return {check.id for check in service.checks if check.state is state}


def test_every_service_is_found(scored: dict[str, ServiceReport]) -> None:
    assert {service.name for service in SERVICES} <= set(scored)


def test_the_paved_path_as_it_is_and_the_well_kept_are_gold(
    scored: dict[str, ServiceReport],
) -> None:
    names = {service.name for service in SERVICES}
    gold = {name for name in names if scored[name].level == "gold"}

    assert gold == (names - set(HISTORIES)) | WELL_KEPT
    assert {scored[name].score for name in gold} == {100}


def test_every_level_is_there(scored: dict[str, ServiceReport]) -> None:
    levels = Counter(scored[service.name].level for service in SERVICES)

    assert set(levels) == {"gold", "silver", "bronze", None}
    assert min(levels.values()) >= 4


def test_checkout_fails_two_checks(scored: dict[str, ServiceReport]) -> None:
    assert _states(scored["checkout"], State.FAIL) == {"RO-05", "VS-02"}


def test_a_chart_that_cannot_be_rendered_is_not_guessed(scored: dict[str, ServiceReport]) -> None:
    chart = scored["statement-archive"]

    assert "PB-01" in _states(chart, State.NO_DATA)
    assert chart.level is None


def test_the_patch_that_replaced_the_container_lost_its_probes(
    scored: dict[str, ServiceReport],
) -> None:
    assert {"PB-01", "PB-02"} <= _states(scored["fee-schedule"], State.FAIL)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_story_costs_something(story: Story, gitops: dict[str, bytes]) -> None:
    folder = ServiceFolder.of("ledger", gitops)
    story(folder)
    projects = {path: data for path, data in gitops.items() if path.startswith("projects/")}

    found = {service.ref: service for service in _score(projects | folder.contents())}

    service = found["component:default/ledger"]
    assert _states(service, State.FAIL) != set()
    assert service.score < 100
