"""The objective that alerts guard, where an object states it and the alerts say which."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scorecards.engine.samples import as_yaml, objects, score, scorecard, verdict

ALERT = {
    "alert": "CheckoutFails",
    "expr": 'sum(rate(http_requests_total{service="checkout",code=~"5.."}[10m]))'
    ' / sum(rate(http_requests_total{service="checkout"}[10m])) > 0.05',
    "labels": {"severity": "page", "slo": "checkout-errors"},
}


def pyrra(name: str, target: str, **labels: str) -> dict[str, Any]:
    return {
        "apiVersion": "pyrra.dev/v1alpha1",
        "kind": "ServiceLevelObjective",
        "metadata": {"name": name, "namespace": "payments", "labels": labels},
        "spec": {"target": target, "window": "4w"},
    }


def state(*objectives: dict[str, Any]) -> str:
    """What PR-03, which needs an objective, says of an alert that has none of its own, all in one file at the root."""
    found = objects("rollout", "service", "slo")
    found["slo"]["spec"]["groups"] = [{"name": "alerts", "rules": [ALERT]}]
    documents = [*found.values(), *objectives]
    files = {"all.yaml": as_yaml(documents).encode()}
    return str(verdict(score(files, scorecard("PR-03")), "PR-03").state)


@pytest.mark.parametrize(
    "objective",
    [
        pyrra("checkout-errors", "99"),
        pyrra("availability", "99", **{"pyrra.dev/service": "checkout"}),
    ],
)
def test_an_object_of_pyrra_that_the_alerts_or_its_label_name(objective: dict[str, Any]) -> None:
    assert state(objective) == "pass"


def test_an_object_that_nothing_names() -> None:
    assert state(pyrra("cart-errors", "99", **{"pyrra.dev/service": "cart"})) == "no_data"
