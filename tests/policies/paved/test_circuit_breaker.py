"""DR-01, DR-02 and DR-04."""

from __future__ import annotations

import pytest
import yaml

from tests.policies.paved.cases import GONE, changed, checks, violations, where

POLICY = """
connectionPool:
  tcp: {maxConnections: 200}
  http: {http1MaxPendingRequests: 100, http2MaxRequests: 400, maxRetries: 10}
outlierDetection: {consecutive5xxErrors: 5, consecutiveGatewayErrors: 3}
"""
FULL = yaml.safe_load(POLICY)
GOOD = f"""
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: web, namespace: pay}}
spec:
  host: web
  trafficPolicy: {FULL}
"""
TOP = "spec.trafficPolicy"
HTTP = f"{TOP}.connectionPool.http"
DETECTION = f"{TOP}.outlierDetection"
OFF = (
    "switches outlierDetection off: consecutive5xxErrors is 0 and consecutiveGatewayErrors is not "
    "above 0"
)
BY_DEFAULT = (
    "leaves the trigger of outlierDetection to the default; say consecutive5xxErrors or "
    "consecutiveGatewayErrors"
)


def rule(changes):
    return changed(GOOD, changes)


def test_the_good_one():
    assert checks(rule({})) == []


@pytest.mark.parametrize(
    "changes",
    [
        {DETECTION: {"consecutive5xxErrors": 5}},
        {DETECTION: {"consecutiveGatewayErrors": 3}},
        {DETECTION: {"consecutive5xxErrors": 0, "consecutiveGatewayErrors": 3}},
        {f"{HTTP}.maxRetries": GONE, f"{TOP}.retryBudget": {"percent": 25}},
        {"spec.subsets": [{"name": "stable"}, {"name": "canary", "trafficPolicy": {}}]},
        # every subset has its own, so nothing of the destination is used
        {TOP: GONE, "spec.subsets": [{"name": "a", "trafficPolicy": FULL}]},
        {"spec.subsets": [{"name": "a", "trafficPolicy": {"loadBalancer": {"simple": "RANDOM"}}}]},
        {f"{TOP}.portLevelSettings": [{"port": {"number": 80}, **FULL}]},
        # a subset with a pool of its own keeps the destination's retry budget
        {
            f"{TOP}.retryBudget": {"percent": 25},
            "spec.subsets": [
                {
                    "name": "a",
                    "trafficPolicy": {
                        "connectionPool": {
                            "tcp": {"maxConnections": 1},
                            "http": {"http1MaxPendingRequests": 1, "http2MaxRequests": 1},
                        }
                    },
                }
            ],
        },
        {"metadata.namespace": "istio-system", TOP: GONE},
    ],
)
def test_pass(changes):
    assert checks(rule(changes)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {f"{TOP}.connectionPool.tcp": GONE},
            {("DR-01", f"{TOP}.connectionPool.tcp.maxConnections")},
        ),
        ({f"{HTTP}.http1MaxPendingRequests": GONE}, {("DR-01", f"{HTTP}.http1MaxPendingRequests")}),
        ({f"{HTTP}.http2MaxRequests": 0}, {("DR-01", f"{HTTP}.http2MaxRequests")}),
        ({f"{HTTP}.http2MaxRequests": "400"}, {("DR-01", f"{HTTP}.http2MaxRequests")}),
        ({f"{HTTP}.maxRetries": GONE}, {("DR-04", f"{HTTP}.maxRetries")}),
        ({f"{HTTP}.maxRetries": 0}, {("DR-04", f"{HTTP}.maxRetries")}),
        (
            {f"{TOP}.connectionPool": GONE},
            {
                ("DR-01", f"{TOP}.connectionPool.tcp.maxConnections"),
                ("DR-01", f"{HTTP}.http1MaxPendingRequests"),
                ("DR-01", f"{HTTP}.http2MaxRequests"),
                ("DR-04", f"{HTTP}.maxRetries"),
            },
        ),
        (
            {TOP: GONE},
            {
                ("DR-01", f"{TOP}.connectionPool.tcp.maxConnections"),
                ("DR-01", f"{HTTP}.http1MaxPendingRequests"),
                ("DR-01", f"{HTTP}.http2MaxRequests"),
                ("DR-02", DETECTION),
                ("DR-04", f"{HTTP}.maxRetries"),
            },
        ),
        # a subset replaces the pool as a whole
        (
            {
                "spec.subsets": [
                    {
                        "name": "a",
                        "trafficPolicy": {"connectionPool": {"tcp": {"maxConnections": 1}}},
                    }
                ]
            },
            {
                (
                    "DR-01",
                    "spec.subsets.0.trafficPolicy.connectionPool.http.http1MaxPendingRequests",
                ),
                ("DR-01", "spec.subsets.0.trafficPolicy.connectionPool.http.http2MaxRequests"),
                ("DR-04", "spec.subsets.0.trafficPolicy.connectionPool.http.maxRetries"),
            },
        ),
        # only one of two subsets has its own: the other needs the destination's
        (
            {
                f"{TOP}.outlierDetection": GONE,
                "spec.subsets": [
                    {
                        "name": "a",
                        "trafficPolicy": {"outlierDetection": {"consecutive5xxErrors": 5}},
                    },
                    {"name": "b"},
                ],
            },
            {("DR-02", DETECTION)},
        ),
        # settings of a port inherit nothing
        (
            {
                f"{TOP}.portLevelSettings": [
                    {"port": {"number": 80}, "outlierDetection": {"consecutive5xxErrors": 5}}
                ]
            },
            {
                ("DR-01", f"{TOP}.portLevelSettings.0.connectionPool.tcp.maxConnections"),
                ("DR-01", f"{TOP}.portLevelSettings.0.connectionPool.http.http1MaxPendingRequests"),
                ("DR-01", f"{TOP}.portLevelSettings.0.connectionPool.http.http2MaxRequests"),
                ("DR-04", f"{TOP}.portLevelSettings.0.connectionPool.http.maxRetries"),
            },
        ),
        (
            {
                "spec.subsets": [
                    {
                        "name": "a",
                        "trafficPolicy": {
                            "portLevelSettings": [{"connectionPool": FULL["connectionPool"]}]
                        },
                    }
                ]
            },
            {("DR-02", "spec.subsets.0.trafficPolicy.portLevelSettings.0.outlierDetection")},
        ),
    ],
)
def test_fail(changes, expected):
    assert where(rule(changes)) == expected


@pytest.mark.parametrize(
    ("detection", "field", "severity", "words"),
    [
        (GONE, "", "C", "has no outlierDetection, so failing endpoints keep getting requests"),
        (None, "", "C", "has no outlierDetection, so failing endpoints keep getting requests"),
        (
            {"consecutive5xxErrors": 0},
            "",
            "C",
            OFF,
        ),
        (
            {"consecutive5xxErrors": 0, "consecutiveGatewayErrors": 0},
            "",
            "C",
            OFF,
        ),
        (
            {},
            "",
            "M",
            BY_DEFAULT,
        ),
        (
            {"consecutive5xx": 5, "interval": "30s"},
            "",
            "M",
            BY_DEFAULT,
        ),
        (
            {"consecutive5xxErrors": 5, "consecutiveGatewayErrors": 5},
            ".consecutiveGatewayErrors",
            "M",
            "has consecutiveGatewayErrors 5, without effect: consecutive5xxErrors 5 trips first",
        ),
        (
            {"consecutiveGatewayErrors": 7},
            ".consecutiveGatewayErrors",
            "M",
            "has consecutiveGatewayErrors 7, without effect: consecutive5xxErrors 5 trips first",
        ),
        (
            {"consecutive5xxErrors": 5, "consecutiveErrors": 3},
            ".consecutiveErrors",
            "M",
            "uses consecutiveErrors, which is deprecated; use consecutive5xxErrors",
        ),
    ],
)
def test_outlier_detection(detection, field, severity, words):
    (violation,) = violations(rule({DETECTION: detection}))
    assert violation.message == f"DestinationRule/web {words}"
    assert violation.details == {
        "check": "DR-02",
        "severity": severity,
        "path": f"{DETECTION}{field}".split("."),
        "container": "",
    }


def test_words_name_the_subset_and_the_port():
    subset = {"name": "canary", "trafficPolicy": {"outlierDetection": {}}}
    (violation,) = violations(rule({"spec.subsets": [subset]}))
    assert violation.message.startswith("DestinationRule/web subset canary leaves the trigger")
    port = {"port": {"number": 8080}, **FULL, "outlierDetection": {}}
    (violation,) = violations(rule({f"{TOP}.portLevelSettings": [port]}))
    assert violation.message.startswith("DestinationRule/web port 8080 leaves the trigger")
