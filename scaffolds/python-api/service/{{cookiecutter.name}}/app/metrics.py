"""Request metrics, as the SLO rules and the canary analysis in the GitOps repository query them.

The labels `namespace`, `service` and `rollouts_pod_template_hash` come from the ServiceMonitor.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, ProcessCollector

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

# The latency that the canary is judged by is a bucket of its own, so that its share is exact.
LATENCY_OBJECTIVE = {{ '%.6g' | format(cookiecutter.latency_ms | float / 1000) }}
BUCKETS = sorted({0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, LATENCY_OBJECTIVE})


class RequestMetrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._requests = Counter(
            "http_requests",
            "Requests answered, by status code.",
            ["method", "route", "code"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from the first byte of a request to the last of its answer.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self.registry,
        )

    def expect(self, routes: Iterable[tuple[str, str]]) -> None:
        """Show the series of these (method, route) pairs at 0, so that idle does not look like missing."""
        for method, route in routes:
            self._requests.labels(method, route, "200")
            self._seconds.labels(method, route)

    def observe(self, method: str, route: str, code: int, seconds: float) -> None:
        method = method if method in METHODS else "OTHER"  # callers may invent methods, not series
        self._requests.labels(method, route, str(code)).inc()
        self._seconds.labels(method, route).observe(seconds)
