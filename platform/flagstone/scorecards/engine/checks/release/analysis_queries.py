"""AT-03 and AT-08: queries that parse, and count as errors what is the service's own fault."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flagstone.scorecards.engine.analysis.analyses import Metric
from flagstone.scorecards.engine.checks.release.analysis_metrics import (
    LONGEST_QUERY,
    NOT_APPLICABLE,
    PROMETHEUS,
    UNRENDERED,
    decide,
    fault,
    queries,
    query_tree,
)
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.prometheus.promql import PromQLError
from flagstone.scorecards.engine.prometheus.promql_status import (
    Kind,
    StatusMatcher,
    status_matchers,
)
from flagstone.scorecards.engine.prometheus.promql_subjects import name_of, selectors
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_QUERY = ("provider", PROMETHEUS, "query")
_NO_QUERY = "no metric asks Prometheus"


@check(
    id="AT-03",
    name="Only the service's own failures are errors",
    severity=Severity.H,
    rule="Each matcher on a status label (code, status, response_code, grpc_code and the like) of a PromQL "
    "query, series that end in _bucket left out, is tried on codes: it must let through all errors of the "
    "service (5xx; of gRPC Unknown, Internal, Unavailable, DataLoss, DeadlineExceeded) and no success or "
    "redirect, or the other way round. One that counts mistakes of callers (4xx; of gRPC InvalidArgument, "
    "NotFound and the like) among the errors warns. One that lets through mistakes of callers alone, or codes "
    "such as 502 alone, fails where no other takes the errors.",
    why="Where everything but 2xx is an error, a redirect or a caller's mistake aborts a good "
    "rollout; the numbers then say nothing of the new version.",
    remedy='Count code=~"5.." as errors, or code!~"5.." as successes; for gRPC, grpc_code=~'
    '"Unknown|Internal|Unavailable|DataLoss|DeadlineExceeded".',
    not_applicable=f"{NOT_APPLICABLE} No PromQL query selects by a status code; other query "
    "languages are not read.",
    no_data=unrendered("The templates are"),
)
def own_failures(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    found = list(_status_matchers(service))
    errors = [(metric, matcher) for metric, matcher in found if matcher.kind is not Kind.ASIDE]
    for metric, matcher in errors or found:
        findings.judged += 1
        codes = ", ".join(matcher.counted)
        message = f"{matcher.text} takes {codes} of the codes tried"
        if matcher.kind is Kind.WRONG:
            message = f"{message}: neither the errors (5xx) nor all that is none"
            fault(findings, metric, message, *_QUERY)
        elif matcher.kind is Kind.ASIDE:
            fault(findings, metric, f"{message}, and no query takes the errors (5xx)", *_QUERY)
        elif matcher.kind is Kind.CALLERS:
            message = f"{metric.name}: {message}: mistakes of callers count as failures"
            findings.warn(message, metric.template, *metric.keys, *_QUERY)
    return decide(
        findings, "only 5xx and the like are errors", nothing="no query selects by a status code"
    )


def _status_matchers(service: ServiceView) -> Iterator[tuple[Metric, StatusMatcher]]:
    """Without those of histograms: how long successes take is a fair question."""
    for metric, tree in queries(service):
        for selector in selectors(tree):
            if not name_of(selector).endswith("_bucket"):
                yield from ((metric, matcher) for matcher in status_matchers(selector))


@check(
    id="AT-08",
    name="The queries parse",
    severity=Severity.C,
    rule="The query of each Prometheus metric must be there and parse as PromQL once the arguments are put in. "
    f"One of more than {LONGEST_QUERY} characters is not read.",
    why="Prometheus refuses a query that does not parse: every measurement is an error, and the "
    "rollout is aborted.",
    remedy="Correct the query where the message says; {{args.name}} stands for the argument's value, "
    "or for x where it has none in view.",
    not_applicable=f"{NOT_APPLICABLE} No metric asks Prometheus.",
    no_data=f"A query is too long: record a part of it. {UNRENDERED}",
)
def parses(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for analysis in service.analyses:
        for metric in analysis.metrics:
            if metric.provider != PROMETHEUS:
                continue
            findings.judged += 1
            if not metric.query:
                fault(findings, metric, "it has no query", "provider", PROMETHEUS)
                continue
            tree = query_tree(metric.query)
            if len(metric.query) > LONGEST_QUERY:
                place = (*metric.keys, *_QUERY)
                findings.cannot_tell(f"{metric.name}: the query: {tree}", metric.template, *place)
            elif isinstance(tree, PromQLError):
                shown = json.dumps(metric.query, ensure_ascii=False)
                shown = shown if len(shown) <= 80 else f"{shown[:76]}..."
                fault(findings, metric, f"the query does not parse: {tree} in {shown}", *_QUERY)
    return decide(findings, "every query parses", nothing=_NO_QUERY)
