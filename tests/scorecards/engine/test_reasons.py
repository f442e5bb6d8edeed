"""What a verdict says of itself: why a check does not apply, and what a finding is about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from flagstone.scorecards.engine.reporting.report import CheckReport
from tests.scorecards.engine.samples import (
    SAMPLES,
    files_of_change,
    objects,
    read_sample,
    score,
    scorecard,
    verdict,
)

CANARY = "rollout/spec/strategy/canary"
BY_A_ROUTER = {f"{CANARY}/trafficRouting": {"nginx": {"stableIngress": "checkout"}}}


def judged(check_id: str, change: dict[str, Any]) -> CheckReport:
    return verdict(score(files_of_change(change), scorecard(check_id)), check_id)


def sample(path: str, check_id: str) -> CheckReport:
    return verdict(score(read_sample(SAMPLES / path), scorecard(check_id)), check_id)


@pytest.mark.parametrize("check_id", ["RO-10", "RO-11"])
def test_a_canary_between_hosts_is_routed_by_istio_but_not_by_subsets(check_id: str) -> None:
    found = sample("RO-12/pass-two.yaml", check_id)

    assert found.summary == "no canary is routed by Istio subsets (RO-12 looks at hosts)"


def test_a_canary_between_hosts_of_another_router_is_not_routed_by_istio() -> None:
    found = judged("RO-12", {"use": ["rollout", "service"], "set": BY_A_ROUTER})

    assert found.summary == "Istio routes no canary between hosts"


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        (["deployment"], "there is no Rollout"),
        (["rollout", "deployment"], "no Rollout has a pod template of its own"),
    ],
)
def test_whose_selector_is_not_judged(use: list[str], reason: str) -> None:
    change: dict[str, Any] = {"use": use}
    if "rollout" in use:
        name = objects("deployment")["deployment"]["metadata"]["name"]
        borrowed = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        change |= {
            "remove": ["rollout/spec/template"],
            "set": {"rollout/spec/workloadRef": borrowed},
        }

    assert judged("RO-13", change).summary == reason


@pytest.mark.parametrize(
    ("change", "by"),
    [
        ({"set": BY_A_ROUTER}, "a router"),
        (
            {"remove": [f"{CANARY}/trafficRouting"], "set": {"hpa/spec/minReplicas": 20}},
            "the number of pods",
        ),
    ],
)
def test_what_stands_for_the_weights_outside_of_a_mesh(change: dict[str, Any], by: str) -> None:
    found = judged("RO-08", {"use": ["rollout", "service", "hpa"], **change})

    assert found.state == "not_applicable"
    assert found.summary == (
        f"nothing says that the service is in a mesh: {by} stands for its weights"
    )


def test_a_namespace_without_a_name() -> None:
    use = ["rollout", "service", "vs"]
    nowhere = [f"{name}/metadata/namespace" for name in use]

    found = judged("NS-01", {"use": use, "remove": nowhere})

    assert found.summary == (
        "nothing in the input says whether the service's namespace is in the mesh"
    )


@pytest.mark.parametrize(
    ("strategy", "stuck"),
    [
        ("canary", "a stuck canary"),
        ("blueGreen", "a version that never gets ready"),
    ],
)
def test_what_stays_without_a_deadline(strategy: str, stuck: str) -> None:
    change: dict[str, Any] = {"use": ["rollout"], "remove": ["rollout/spec/progressDeadlineAbort"]}
    if strategy == "blueGreen":
        change["set"] = {"rollout/spec/strategy": {"blueGreen": {"activeService": "checkout"}}}

    assert judged("RO-15", change).summary == f"progressDeadlineAbort is not on: {stuck} stays"


def test_a_block_inside_of_a_canary_is_about_the_canary() -> None:
    found = sample("SY-10/nodata-map-unknown.yaml", "SY-10")

    assert [finding.object for finding in found.findings] == ["aws_synthetics_canary.journey"]


def test_of_modules_from_elsewhere_the_one_that_speaks_of_canaries_is_named() -> None:
    change = yaml.safe_load(Path(SAMPLES / "SY-04/nodata-module-from-elsewhere.yaml").read_text())
    (old,) = change["canary"]
    change["canary"][old] = """
module "about_roles" {
  source = "terraform-aws-modules/iam/aws"
}

module "about_alarms" {
  source    = "terraform-aws-modules/cloudwatch/aws//modules/metric-alarm"
  namespace = "CloudWatchSynthetics"
}

resource "aws_cloudwatch_dashboard" "journey" {"""

    assert judged("SY-04", change).summary == (
        "no alarm is in view, but module.about_alarms comes from elsewhere and may hold one"
    )


@pytest.mark.parametrize(
    ("timeouts", "use", "request_words"),
    [
        ({"vs/spec/http/0/timeout": "3s"}, ["vs"], "a request may take 3 s"),
        (
            {"vs/spec/http/0/timeout": "0s"},
            ["vs"],
            "a request may take any time: a route sets no timeout",
        ),
        ({}, [], "no route in view limits how long a request takes"),
    ],
    ids=["three seconds", "switched off", "no route"],
)
def test_how_long_a_request_may_take(
    timeouts: dict[str, str], use: list[str], request_words: str
) -> None:
    sleep = {"rollout/spec/template/spec/terminationGracePeriodSeconds": 5}

    found = judged("GS-01", {"use": ["rollout", "service", *use], "set": timeouts | sleep})

    assert found.summary == f"5 s to end, and preStop sleeps 10 s and {request_words}"


def test_what_a_window_is_measured_by() -> None:
    found = sample("AT-05/fail-longer-than-the-pause.yaml", "AT-05")

    assert found.summary == (
        "success-rate: it looks back 300 s, and the pause before it and its delay are 180 s"
    )


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("callers", 'code=~"4.." takes 400, 404'),
        ("too-many-requests", 'code="429" takes 429'),
        ("gateway-codes", 'code=~"502|504" takes 502, 504'),
    ],
)
def test_what_an_error_ratio_without_errors_counts(name: str, takes: str) -> None:
    found = sample(f"AT-03/fail-{name}-alone.yaml", "AT-03")

    assert found.summary == (
        f"success-rate: {takes} of the codes tried, and no query takes the errors (5xx)"
    )
