"""RO-02, RO-03, RO-04 and the routing part of RO-08."""

from __future__ import annotations

import pytest

from tests.policies.paved.cases import GONE, changed, checks, violations, where

GOOD = """
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: pay}
spec:
  strategy:
    canary:
      trafficRouting: {istio: {virtualService: {name: web}}}
      steps:
        - setWeight: 10
        - pause: {duration: 2m}
        - setWeight: 25
        - pause: {duration: 300}
        - setWeight: 50
        - pause: {}
"""
CANARY = "spec.strategy.canary"
STEPS = f"{CANARY}.steps"
BLUE_GREEN = {
    "activeService": "web",
    "previewService": "web-preview",
    "prePromotionAnalysis": {"templates": [{"templateName": "smoke"}]},
}


def rollout(changes):
    return changed(GOOD, changes)


def steps(*steps, **more):
    """Steps in short: a number is a weight, a text a pause, a dictionary itself."""
    full = [
        {"setWeight": s}
        if isinstance(s, int | float)
        else {"pause": {"duration": s}}
        if isinstance(s, str)
        else s
        for s in steps
    ]
    return rollout({STEPS: full, **more})


ANALYSIS = {"analysis": {"templates": [{"templateName": "ok"}]}}


def test_the_good_one():
    assert checks(rollout({}), "RO") == []


class TestStrategy:
    @pytest.mark.parametrize(
        "strategy",
        [{"blueGreen": BLUE_GREEN}, {"canary": None, "blueGreen": BLUE_GREEN}],
    )
    def test_blue_green_with_a_look_before(self, strategy):
        assert checks(rollout({"spec.strategy": strategy}), "RO") == []

    @pytest.mark.parametrize(
        ("strategy", "path", "words"),
        [
            ({}, "spec.strategy", "has neither the canary nor the blueGreen strategy"),
            (GONE, "spec.strategy", "has neither the canary nor the blueGreen strategy"),
            (
                {"canary": None},
                "spec.strategy",
                "has neither the canary nor the blueGreen strategy",
            ),
            (
                {"blueGreen": {"activeService": "web"}},
                "spec.strategy.blueGreen.prePromotionAnalysis",
                "goes live without a look: blueGreen has no prePromotionAnalysis.templates",
            ),
            (
                {"blueGreen": {**BLUE_GREEN, "prePromotionAnalysis": {"templates": []}}},
                "spec.strategy.blueGreen.prePromotionAnalysis",
                "goes live without a look: blueGreen has no prePromotionAnalysis.templates",
            ),
            (
                {"blueGreen": {**BLUE_GREEN, "previewService": "web"}},
                "spec.strategy.blueGreen.previewService",
                "previews on the service that is live: both are web",
            ),
        ],
    )
    def test_fail(self, strategy, path, words):
        (violation,) = violations(rollout({"spec.strategy": strategy}), "RO-02")
        assert violation.message == f"Rollout/web {words}"
        assert ".".join(violation.details["path"]) == path
        assert violation.details["severity"] == "C"
        assert checks(rollout({"spec.strategy": strategy}), "RO") == ["RO-02"]

    def test_both(self):
        both = rollout({"spec.strategy.blueGreen": BLUE_GREEN})
        assert where(both, "RO") == {("RO-02", "spec.strategy")}


class TestWeights:
    @pytest.mark.parametrize(
        "manifest",
        [
            steps(20, "1m", 40, "1m"),
            steps(5, "1m", 5, "1m", 10, "1m"),
            # 0 is a weight too
            steps(0, "1m", 10, "1m", 50, "1m"),
            # the last step to 100 is redundant and harmless
            steps(10, "1m", 50, "1m", 100),
            # a router that counts to 1000: 100 is ten percent
            steps(
                100,
                "1m",
                500,
                "1m",
                **{
                    f"{CANARY}.trafficRouting": {
                        "nginx": {"stableIngress": "i"},
                        "maxTrafficWeight": 1000,
                    }
                },
            ),
        ],
    )
    def test_pass(self, manifest):
        assert checks(manifest, "RO") == []

    @pytest.mark.parametrize(
        ("manifest", "path", "words"),
        [
            (steps(), STEPS, "has no setWeight step, so it is a plain rolling update"),
            (
                rollout({STEPS: GONE}),
                STEPS,
                "has no setWeight step, so it is a plain rolling update",
            ),
            (
                steps("1m", {"setCanaryScale": {}}),
                STEPS,
                "has no setWeight step, so it is a plain rolling update",
            ),
            (
                steps(10, "1m"),
                STEPS,
                "has fewer than two different weights below 100, so nothing grows step by step",
            ),
            (
                steps(10, "1m", 10, "1m", 100),
                STEPS,
                "has fewer than two different weights below 100, so nothing grows step by step",
            ),
            (
                steps(25, "1m", 50, "1m"),
                f"{STEPS}.0.setWeight",
                "gives a new version 25% of the traffic at once; at most 20% first",
            ),
            (
                steps("1m", 20.5, "1m", 50, "1m"),
                f"{STEPS}.1.setWeight",
                "gives a new version 20.5% of the traffic at once; at most 20% first",
            ),
            (
                steps(10, "1m", 50, "1m", 30, "1m", 60),
                f"{STEPS}.4.setWeight",
                "goes down from 50% to 30%",
            ),
            (
                steps(
                    300,
                    "1m",
                    500,
                    "1m",
                    **{f"{CANARY}.trafficRouting": {"nginx": {"a": "i"}, "maxTrafficWeight": 1000}},
                ),
                f"{STEPS}.0.setWeight",
                "gives a new version 30% of the traffic at once; at most 20% first",
            ),
        ],
    )
    def test_fail(self, manifest, path, words):
        (violation,) = violations(manifest, "RO-03")
        assert violation.message == f"Rollout/web {words}"
        assert ".".join(map(str, violation.details["path"])) == path
        assert violation.details["severity"] == "H"

    @pytest.mark.parametrize(
        ("weight", "text"), [(101, "101"), (-1, "-1"), ("ten", "ten"), (True, "true")]
    )
    def test_no_weight_at_all(self, weight, text):
        manifest = steps(10, "1m", 20, "1m", {"setWeight": weight})
        (violation,) = violations(manifest, "RO-03")
        assert violation.message == (
            f"Rollout/web has the setWeight {text}, which is not a number from 0 to 100"
        )
        assert violation.details["severity"] == "C"


class TestLooks:
    @pytest.mark.parametrize(
        "manifest",
        [
            steps(10, ANALYSIS, 20, ANALYSIS, 50),
            steps(10, {"experiment": {"analyses": [{"templateName": "ok"}]}}, 20, "1m"),
            steps(10, {"pause": {}}, 20, {"pause": {}}),
            steps(10, {"setCanaryScale": {"weight": 20}}, "30s", 20, ANALYSIS),
            steps(10, "90", 20, "90"),
            steps(10, "1m30s", 20, "1m"),
            steps(10, "0.5h", 20, "1m"),
            # above 50 nobody has to wait
            steps(10, "1m", 50, 75, 90),
            # the same weight again is no increase
            steps(10, 10, "1m", 20, "1m"),
            steps(10, "1m", 20, "118m"),
        ],
    )
    def test_pass(self, manifest):
        assert checks(manifest, "RO") == []

    @pytest.mark.parametrize(
        ("manifest", "path", "words"),
        [
            (
                steps(10, 20, "1m", 50),
                f"{STEPS}.1.setWeight",
                "goes from 10% to 20% without a pause or an analysis between",
            ),
            (
                steps(10, "1m", 20, 80),
                f"{STEPS}.3.setWeight",
                "goes from 20% to 80% without a pause or an analysis between",
            ),
            (
                steps(10, {"setCanaryScale": {"weight": 20}}, 20, "1m"),
                f"{STEPS}.2.setWeight",
                "goes from 10% to 20% without a pause or an analysis between",
            ),
            (
                steps(10, {"analysis": {"templates": []}}, 20, "1m"),
                f"{STEPS}.2.setWeight",
                "goes from 10% to 20% without a pause or an analysis between",
            ),
            (
                steps(10, {"pause": None}, 20, "1m"),
                f"{STEPS}.2.setWeight",
                "goes from 10% to 20% without a pause or an analysis between",
            ),
        ],
    )
    def test_back_to_back(self, manifest, path, words):
        (violation,) = violations(manifest, "RO-04")
        assert violation.message == f"Rollout/web {words}"
        assert ".".join(map(str, violation.details["path"])) == path

    @pytest.mark.parametrize(
        ("manifest", "step", "percent"),
        [
            (steps(10), 0, 10),
            (steps(10, "1m", 25), 2, 25),
            (steps(10, "1m", 25, {"setCanaryScale": {"weight": 50}}), 2, 25),
            (steps(10, "1m", 25, {"pause": None}), 2, 25),
            (steps(10, "1m", 49.5), 2, 49.5),
        ],
    )
    def test_the_promotion_after_the_last_step_is_an_increase_too(self, manifest, step, percent):
        (violation,) = violations(manifest, "RO-04")
        assert violation.message == (
            f"Rollout/web goes from {percent}% to everybody without a pause or an analysis between"
        )
        assert violation.details["path"][-2:] == [step, "setWeight"]

    @pytest.mark.parametrize(
        "manifest",
        [steps(10, "1m", 50), steps(10, "1m", 25, {"pause": {}}), steps(10, "1m", 30, "0.5h")],
    )
    def test_the_promotion_after_a_look(self, manifest):
        assert checks(manifest, "RO-04") == []

    @pytest.mark.parametrize(
        ("duration", "words"),
        [
            (0, "has a pause of 0, which is no time at all"),
            ("0s", "has a pause of 0s, which is no time at all"),
            ("-5", "has a pause of -5, which is no time at all"),
            ("2d", "has a pause of 2d, which is not a duration such as 10, 30s, 5m or 1h"),
            ("500ms", "has a pause of 500ms, which is not a duration such as 10, 30s, 5m or 1h"),
            ([], "has a pause of [], which is not a duration such as 10, 30s, 5m or 1h"),
        ],
    )
    def test_a_pause_that_is_none(self, duration, words):
        manifest = steps(10, {"pause": {"duration": duration}}, ANALYSIS, 20, "1m")
        (violation,) = violations(manifest, "RO-04")
        assert violation.message == f"Rollout/web {words}"
        assert violation.details["path"][-3:] == [1, "pause", "duration"]
        assert violation.details["severity"] == "H"

    def test_a_pause_that_is_none_is_no_look_either(self):
        assert checks(steps(10, "0s", 20, "1m"), "RO-04") == ["RO-04", "RO-04"]

    def test_hours_of_pauses(self):
        (violation,) = violations(steps(10, "1h", 20, "1h", 50), "RO-04")
        assert violation.message == (
            "Rollout/web pauses for 7200 s altogether; a rollout is a matter of minutes, below 2h"
        )
        assert violation.details["severity"] == "M"


class TestRouting:
    @pytest.mark.parametrize("router", ["istio", "nginx", "alb", "plugins", "smi"])
    def test_any_router(self, router):
        changes = {f"{CANARY}.trafficRouting": {router: {"a": "b"}}}
        assert checks(rollout(changes), "RO") == []

    @pytest.mark.parametrize(
        "routing",
        [
            GONE,
            None,
            {},
            {"istio": {}},
            {"istio": None},
            {"managedRoutes": [{"name": "a"}]},
            {"maxTrafficWeight": 100},
        ],
    )
    def test_none(self, routing):
        (violation,) = violations(rollout({f"{CANARY}.trafficRouting": routing}), "RO")
        assert violation.details["check"] == "RO-08"
        assert violation.message == (
            "Rollout/web has no canary.trafficRouting with a router, so its weights are only pod counts"
        )

    def test_none_where_its_owners_say_that_nothing_splits_its_traffic(self):
        unrouted = {f"{CANARY}.trafficRouting": None}
        assert not violations(
            rollout({**unrouted, "metadata.labels": {"flagstone.dev/mesh": "none"}}), "RO"
        )
        for label in ("istio", "", None, True):
            labelled = {**unrouted, "metadata.labels": {"flagstone.dev/mesh": label}}
            assert violations(rollout(labelled), "RO")
