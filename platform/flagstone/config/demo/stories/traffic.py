"""Stories about timeouts, retries and circuit breaking."""

from __future__ import annotations

from flagstone.config.demo.service_folder import ServiceFolder

ISTIO = "istio.yaml"


def retries_without_end(folder: ServiceFolder) -> None:
    """A flaky partner in #412: "retry until it works". In a brownout it works eleven times as hard."""
    folder.substitute(ISTIO, r"^( +attempts:) \d+$", r"\1 10")
    folder.substitute(ISTIO, r"^ +# \d+ tries x .*\n", "")
    folder.substitute(ISTIO, r"perTryTimeout: \d+ms", "perTryTimeout: 250ms")


def retries_of_writes(folder: ServiceFolder) -> None:
    """Copied from an article: `5xx` repeats requests that were already processed."""
    folder.replace(
        ISTIO,
        """\
        # Only failures where the request cannot have been processed. No 5xx, no reset: a repeated
        # write would be done twice.
        retryOn: connect-failure,refused-stream,reset-before-request
""",
        "        retryOn: 5xx,connect-failure,reset\n",
    )


def timeout_dropped(folder: ServiceFolder) -> None:
    """A monthly export ran into the timeout, so now nothing has one."""
    folder.substitute(ISTIO, r"^      timeout: .*\n", "")


def retries_left_to_the_mesh(folder: ServiceFolder) -> None:
    """The mesh would know best: without the block its default of two retries applies unseen."""
    folder.cut(ISTIO, "retries:")


def tries_outlast_the_timeout(folder: ServiceFolder) -> None:
    """The time for one try was raised, the timeout around all of them was not."""
    folder.substitute(ISTIO, r"perTryTimeout: \d+ms", "perTryTimeout: 5s")


def fields_of_another_kind(folder: ServiceFolder) -> None:
    """Written from memory: neither field exists there, so the API server drops both without a word."""
    folder.replace(
        ISTIO,
        """\
      consecutive5xxErrors: 5
      consecutiveGatewayErrors: 3      # below the 5xx count, or it has no effect
""",
        "      consecutive5xx: 5\n",
    )
    folder.replace(
        ISTIO,
        "    outlierDetection:\n",
        "    retries:\n      attempts: 3\n      retryOn: 5xx,connect-failure,reset\n    outlierDetection:\n",
    )


def nothing_is_ever_ejected(folder: ServiceFolder) -> None:
    """Ten per cent of three pods is no pod: the circuit breaker is there and cannot open."""
    folder.replace(ISTIO, "maxEjectionPercent: 50", "maxEjectionPercent: 10")


def limits_forgotten(folder: ServiceFolder) -> None:
    """A load test hit the connection limits; they were taken out to "see the real numbers"."""
    folder.cut(ISTIO, "connectionPool:")


def circuit_breaker_removed(folder: ServiceFolder) -> None:
    """Blamed for an outage that it had made visible."""
    folder.cut(ISTIO, "outlierDetection:")


def canary_subset_renamed(folder: ServiceFolder) -> None:
    """One of two files was renamed: the route sends its canary share to a subset that is gone."""
    folder.replace(ISTIO, "- name: canary\n", "- name: next\n")


def weights_left_behind(folder: ServiceFolder) -> None:
    """A canary of last spring, set by hand in Git and never taken back."""
    folder.replace(ISTIO, "weight: 100", "weight: 90")
    folder.replace(ISTIO, "weight: 0\n", "weight: 10\n")
