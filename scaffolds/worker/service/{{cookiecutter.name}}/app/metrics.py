"""Metrics of the work, as the SLO rules in the GitOps repository query them.

The labels `namespace` and `service` come from the PodMonitor.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, GCCollector, Histogram, ProcessCollector

OUTCOMES = ("done", "failed")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class WorkMetrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._processed = Counter(
            "messages_processed",
            "Attempts to process a message, by how they ended.",
            ["outcome"],
            registry=self.registry,
        )
        self._dead = Counter(
            "messages_dead", "Messages that failed too often and were put aside.", registry=self.registry
        )
        self._seconds = Histogram(
            "message_duration_seconds",
            "Time that an attempt took.",
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._waiting = Gauge(
            "messages_waiting", "Messages that nobody has taken yet.", registry=self.registry
        )
        for outcome in OUTCOMES:  # idle must not look like missing
            self._processed.labels(outcome)

    def attempted(self, outcome: str, seconds: float) -> None:
        self._processed.labels(outcome).inc()
        self._seconds.observe(seconds)

    def died(self) -> None:
        self._dead.inc()

    def waiting(self, count: float) -> None:
        self._waiting.set(count)
