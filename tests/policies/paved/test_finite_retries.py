"""VS-01 to VS-04."""

from __future__ import annotations

import pytest

from tests.policies.paved.cases import GONE, changed, checks, violations, where

GOOD = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: pay}
spec:
  hosts: [web]
  http:
    - name: primary
      timeout: 3s
      retries: {attempts: 2, perTryTimeout: 800ms, retryOn: "connect-failure,refused-stream"}
      route: [{destination: {host: web}}]
"""
ROUTE = "spec.http.0"
RETRIES = f"{ROUTE}.retries"


def virtual_service(changes):
    return changed(GOOD, changes)


def test_the_good_one():
    assert checks(virtual_service({})) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"spec.http.1": {"redirect": {"uri": "/x"}}},
        {"spec.http.1": {"directResponse": {"status": 503}}},
        {"spec.http.1": {"delegate": {"name": "other"}}},
        {"spec.http": GONE, "spec.tcp": [{"route": [{"destination": {"host": "web"}}]}]},
        {"spec.http": GONE, "spec.tls": [{"match": [], "route": []}]},
        {"metadata.namespace": "istio-system", f"{ROUTE}.timeout": GONE},
    ],
)
def test_what_is_not_concerned(changes):
    assert checks(virtual_service(changes)) == []


class TestTimeout:
    @pytest.mark.parametrize("timeout", ["15s", "2.5s", "2401ms", "0h3s", "10s500ms"])
    def test_pass(self, timeout):
        assert checks(virtual_service({f"{ROUTE}.timeout": timeout})) == []

    @pytest.mark.parametrize(
        ("timeout", "words"),
        [
            (GONE, "has no timeout; the default is none at all"),
            (None, "has no timeout; the default is none at all"),
            ("0s", "has the timeout 0s, which switches it off"),
            ("0", "has the timeout 0, which switches it off"),
            ("-3s", "has the timeout -3s, which switches it off"),
            ("15001ms", "has the timeout 15001ms, which is above 15s"),
            ("1m", "has the timeout 1m, which is above 15s"),
            ("3", "has the timeout 3, which is not a duration such as 800ms or 3s"),
            (3, "has the timeout 3, which is not a duration such as 800ms or 3s"),
            ("3 s", "has the timeout 3 s, which is not a duration such as 800ms or 3s"),
            ("", "has the timeout , which is not a duration such as 800ms or 3s"),
        ],
    )
    def test_fail(self, timeout, words):
        (violation,) = violations(virtual_service({f"{ROUTE}.timeout": timeout}), "VS-01")
        assert violation.message == f"VirtualService/web: http[0] (primary) {words}"
        assert violation.details == {
            "check": "VS-01",
            "severity": "C",
            "path": ["spec", "http", 0, "timeout"],
            "container": "",
        }


class TestAttempts:
    @pytest.mark.parametrize(
        "retries",
        [{"attempts": 0}, {"attempts": 3, "perTryTimeout": "700ms", "retryOn": "unavailable"}],
    )
    def test_pass(self, retries):
        assert checks(virtual_service({RETRIES: retries})) == []

    @pytest.mark.parametrize(
        ("retries", "path", "severity", "words"),
        [
            (
                GONE,
                "retries",
                "H",
                "has no retries, so the mesh default of 2 applies without being seen; attempts 0 switches them off",
            ),
            (
                None,
                "retries",
                "H",
                "has no retries, so the mesh default of 2 applies without being seen; attempts 0 switches them off",
            ),
            ({}, "retries", "H", "has retries without attempts, which means none; say attempts"),
            (
                {"perTryTimeout": "2s"},
                "retries",
                "H",
                "has retries without attempts, which means none; say attempts",
            ),
            (
                {"attempts": -1},
                "retries.attempts",
                "C",
                "has retries.attempts -1, which is not a whole number from 0 to 3",
            ),
            (
                {"attempts": "2"},
                "retries.attempts",
                "C",
                "has retries.attempts 2, which is not a whole number from 0 to 3",
            ),
            (
                {"attempts": 4, "perTryTimeout": "100ms", "retryOn": "unavailable"},
                "retries.attempts",
                "C",
                "has retries.attempts 4, which is not a whole number from 0 to 3",
            ),
        ],
    )
    def test_fail(self, retries, path, severity, words):
        (violation,) = violations(virtual_service({RETRIES: retries}))
        assert violation.message == f"VirtualService/web: http[0] (primary) {words}"
        assert violation.details["check"] == "VS-02"
        assert violation.details["severity"] == severity
        assert ".".join(map(str, violation.details["path"])) == f"{ROUTE}.{path}"


class TestBudget:
    @pytest.mark.parametrize(
        "changes",
        [
            {f"{RETRIES}.perTryTimeout": "1s"},
            # without a timeout there is nothing to fit into: that is VS-01's
            {f"{RETRIES}.perTryTimeout": "1h", f"{ROUTE}.timeout": GONE},
            {RETRIES: {"attempts": 0, "perTryTimeout": "1h"}},
        ],
    )
    def test_pass(self, changes):
        assert checks(virtual_service(changes), "VS-03") == []

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            (
                {f"{RETRIES}.perTryTimeout": GONE},
                "tries again without a perTryTimeout, so the first try may use up the whole timeout",
            ),
            (
                {f"{RETRIES}.perTryTimeout": "1001ms"},
                "tries 3 times for 1001ms, which does not fit into its timeout of 3s",
            ),
            (
                {f"{RETRIES}.perTryTimeout": "0s"},
                "has the perTryTimeout 0s, which is not a time above zero",
            ),
            (
                {f"{RETRIES}.perTryTimeout": "soon"},
                "has the perTryTimeout soon, which is not a time above zero",
            ),
            (
                {f"{RETRIES}.attempts": 3},
                "tries 4 times for 800ms, which does not fit into its timeout of 3s",
            ),
        ],
    )
    def test_fail(self, changes, words):
        (violation,) = violations(virtual_service(changes))
        assert violation.message == f"VirtualService/web: http[0] (primary) {words}"
        assert violation.details["check"] == "VS-03"
        assert violation.details["path"] == ["spec", "http", 0, "retries", "perTryTimeout"]


class TestRetryOn:
    READS = [{"method": {"exact": "GET"}}, {"uri": {"prefix": "/"}, "method": {"exact": "HEAD"}}]

    @pytest.mark.parametrize(
        "changes",
        [
            {f"{RETRIES}.retryOn": " connect-failure , reset-before-request "},
            {f"{RETRIES}.retryOn": "unavailable,cancelled,resource-exhausted"},
            {f"{RETRIES}.retryOn": "5xx,reset,503", f"{ROUTE}.match": READS},
            {RETRIES: {"attempts": 0, "retryOn": "5xx"}},
        ],
    )
    def test_pass(self, changes):
        assert checks(virtual_service(changes)) == []

    @pytest.mark.parametrize(
        "condition",
        [
            "5xx",
            "gateway-error",
            "reset",
            "retriable-4xx",
            "retriable-status-codes",
            "deadline-exceeded",
            "internal",
            "503",
        ],
    )
    def test_what_may_repeat_a_write(self, condition):
        (violation,) = violations(
            virtual_service({f"{RETRIES}.retryOn": f"connect-failure, {condition}"})
        )
        assert violation.message == (
            f"VirtualService/web: http[0] (primary) tries again on {condition}, which can repeat a "
            "request that was processed; only GET, HEAD and OPTIONS may"
        )
        assert violation.details["check"] == "VS-04"
        assert violation.details["severity"] == "C"

    @pytest.mark.parametrize(
        "match",
        [
            [],
            [*READS, {"method": {"exact": "POST"}}],
            [*READS, {"uri": {"prefix": "/"}}],
            [{"method": {"prefix": "GET"}}],
            [{"method": {"regex": "GET|HEAD"}}],
        ],
    )
    def test_a_route_that_takes_writes_too(self, match):
        changes = {f"{RETRIES}.retryOn": "5xx", f"{ROUTE}.match": match}
        assert checks(virtual_service(changes)) == ["VS-04"]

    @pytest.mark.parametrize(
        ("condition", "text"),
        [("5XX", "5XX"), ("conect-failure", "conect-failure"), ("999", "999")],
    )
    def test_what_istio_does_not_know(self, condition, text):
        (violation,) = violations(virtual_service({f"{RETRIES}.retryOn": condition}))
        assert violation.message.endswith(f"tries again on {text}, which Istio does not know")
        assert violation.details["severity"] == "H"

    @pytest.mark.parametrize("retry_on", [GONE, "", " , "])
    def test_nothing_said(self, retry_on):
        (violation,) = violations(virtual_service({f"{RETRIES}.retryOn": retry_on}))
        assert violation.message.endswith("tries again without saying on what: retryOn is missing")


def test_each_route_is_judged_by_itself():
    other = {"route": [{"destination": {"host": "web"}}], "timeout": "1s"}
    found = virtual_service({"spec.http.1": other, "spec.http.2": {**other, "timeout": GONE}})
    found.raw["spec"]["http"][2].pop("timeout")
    assert where(found) == {
        ("VS-02", "spec.http.1.retries"),
        ("VS-01", "spec.http.2.timeout"),
        ("VS-02", "spec.http.2.retries"),
    }
