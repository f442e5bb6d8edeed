"""The metrics of a service's analyses, as the checks of family AT go through them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from flagstone.scorecards.engine.analysis.analyses import (
    Analysis,
    Metric,
    named_templates,
    references,
    template,
)
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.prometheus.promql import PromQLError, parse
from flagstone.scorecards.engine.registry import unrendered
from flagstone.scorecards.engine.services import ServiceView

PROMETHEUS = "prometheus"
QUERYING = (
    PROMETHEUS, "datadog", "newRelic", "wavefront", "cloudWatch", "graphite", "influxdb", "skywalking",
)  # fmt: skip
LONGEST_QUERY = 10_000  # taking a query apart takes time by the square of its length
NO_ANALYSIS = "no analysis of a rollout is in view"
NOT_APPLICABLE = "No Rollout runs an analysis, and no AnalysisTemplate is in view."
UNRENDERED = f"Or {unrendered('the templates are')}"
NO_DATA = f"A template is not in the input (RO-05 says which): score a folder that holds it too. {UNRENDERED}"


def real_metrics(service: ServiceView) -> Iterator[Metric]:
    """Each metric that counts, once for each analysis that runs it: not those of a `dryRun`."""
    for analysis in service.analyses:
        yield from (metric for metric in analysis.metrics if not metric.is_dry)


def queries(service: ServiceView) -> Iterator[tuple[Metric, Any]]:
    """The metrics that ask Prometheus, with their queries taken apart; AT-08 has the others."""
    for metric in real_metrics(service):
        if metric.provider == PROMETHEUS:
            tree = query_tree(metric.query)
            if not isinstance(tree, PromQLError):
                yield metric, tree


@lru_cache(maxsize=4096)
def query_tree(query: str) -> Any:
    """A query taken apart; an error if it does not parse, or is too long to be read."""
    if len(query) > LONGEST_QUERY:
        return PromQLError(f"it is longer than {LONGEST_QUERY} characters, and is not read")
    try:
        return parse(query)
    except PromQLError as error:
        return error


def note_unseen(service: ServiceView, findings: Findings) -> None:
    """Where nothing could be judged, say which templates of its Rollouts are not in the input."""
    rollouts = [workload for workload in service.workloads if workload.is_rollout]
    for workload in rollouts if not findings.judged else ():
        for _, _, keys, raw in references(workload.manifest):
            for reference in named_templates(raw) if raw else ():
                if template(service.index, workload.manifest, reference) is None:
                    message = f"its template {reference.get('templateName')} is not in the input"
                    findings.cannot_tell(message, workload.manifest, *keys)


def fault(findings: Findings, metric: Metric, message: str, *keys: str | int) -> None:
    findings.fault(f"{metric.name}: {message}", metric.template, *metric.keys, *keys)


def decide(findings: Findings, good: str, *, nothing: str = NO_ANALYSIS) -> Outcome:
    """The verdict; what several analyses show of one template is said once."""
    for found in (findings.faults, findings.unknown, findings.close):
        found[:] = dict.fromkeys(found)
    return findings.verdict(good, nothing=nothing)


def runs_before_everybody(analysis: Analysis) -> bool:
    """Whether it runs while the new version does not have all the traffic yet."""
    return analysis.role not in {"after promotion", "none"}
