"""DR: bounded connection pools and the ejection of failing endpoints."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.mesh.traffic import is_about, own_hosts_in_use
from flagstone.scorecards.engine.istio_fields import GROUP, ISTIO_VERSION, KINDS, unknown_fields
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.policy_checks import judge_objects
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NO_RULE = "the service has no DestinationRule"
_IN_VIEW = unrendered("The DestinationRule is")
_NOT_IN_MESH = "A service that is not in a mesh and has no DestinationRule."


def _by_policy(
    service: ServiceView, check_id: str, good: str, found: Findings | None = None
) -> Outcome:
    rules = service.destination_rules
    return judge_objects(service, check_id, rules, good=good, nothing=_NO_RULE, found=found)


def _unprotected(service: ServiceView, otherwise: str) -> Findings:
    """The hosts of the mesh that get the service's requests and that no DestinationRule is about."""
    findings = Findings()
    for host, near in own_hosts_in_use(service) if service.mesh else ():
        if not any(is_about(service, rule, host) for rule in service.destination_rules):
            findings.missing(f"no DestinationRule is about {host.name}: {otherwise}", near)
    return findings


@check(
    id="DR-01",
    name="The connection pool is bounded",
    severity=Severity.H,
    rule="connectionPool must have tcp.maxConnections, http.http1MaxPendingRequests and http.http2MaxRequests "
    "above 0: in the trafficPolicy of the DestinationRule (unless every subset has its own), in each "
    "subset that has a connectionPool of its own, and in each of portLevelSettings. In a mesh each host "
    "that gets the service's HTTP or gRPC requests must have a DestinationRule.",
    why="Every limit defaults to 2^32-1: callers queue without end on a backend that is slow, and "
    "fall with it.",
    remedy="Set connectionPool.tcp.maxConnections, .http.http1MaxPendingRequests and "
    ".http.http2MaxRequests above 0 in trafficPolicy (port-level settings must repeat them); a "
    "service in the mesh without a DestinationRule needs one.",
    not_applicable=_NOT_IN_MESH,
    no_data=_IN_VIEW,
    policy=True,
)
def connection_pool(service: ServiceView, _params: NoParams) -> Outcome:
    bare = _unprotected(service, "its connections are not bounded")
    return _by_policy(service, "DR-01", "the connection pool is bounded", bare)


@check(
    id="DR-02",
    name="Failing endpoints are ejected",
    severity=Severity.C,
    rule="outlierDetection must set consecutive5xxErrors or consecutiveGatewayErrors above 0: in the "
    "trafficPolicy of the DestinationRule (unless every subset has its own), in each subset that has one "
    "of its own, and in each of portLevelSettings; in a mesh each host that gets the service's HTTP or "
    "gRPC requests must have a DestinationRule. No outlierDetection, or one that is switched off "
    "(consecutive5xxErrors 0 without consecutiveGatewayErrors above 0), fails as critical. One left to its "
    "defaults, consecutiveGatewayErrors not below consecutive5xxErrors (5 if left out), and the old "
    "consecutiveErrors fail as medium.",
    why="Without outlier detection a pod that answers only errors keeps its share of the traffic "
    "until somebody deletes it.",
    remedy="Set trafficPolicy.outlierDetection.consecutive5xxErrors or consecutiveGatewayErrors "
    "(below it) above 0; a service in the mesh without a DestinationRule needs one.",
    not_applicable=_NOT_IN_MESH,
    no_data=_IN_VIEW,
    policy=True,
)
def outlier_detection(service: ServiceView, _params: NoParams) -> Outcome:
    bare = _unprotected(service, "a failing pod keeps its traffic")
    return _by_policy(service, "DR-02", "failing endpoints are ejected", bare)


@check(
    id="DR-04",
    name="Retries in flight are bounded",
    severity=Severity.M,
    rule="connectionPool.http.maxRetries above 0, or a retryBudget, must be set: in the trafficPolicy of the "
    "DestinationRule (unless every subset has its own), in each subset that has a connectionPool of its "
    "own, and in each of portLevelSettings. A subset also has the retryBudget of that trafficPolicy.",
    why="Without a bound on concurrent retries every caller retries at once, and a short failure "
    "becomes a storm.",
    remedy="Set trafficPolicy.connectionPool.http.maxRetries, or trafficPolicy.retryBudget "
    "(Istio 1.27 or later).",
    not_applicable="The service has no DestinationRule.",
    no_data=_IN_VIEW,
    policy=True,
)
def retries_in_flight(service: ServiceView, _params: NoParams) -> Outcome:
    return _by_policy(service, "DR-04", "retries in flight are bounded")


@check(
    id="DR-05",
    name="Istio objects have no unknown field",
    severity=Severity.C,
    rule="Each field of a DestinationRule or VirtualService must be one of its CRD: that which Flagstone is "
    f"given or the repository holds, else that of Istio {ISTIO_VERSION}.",
    why="A field that the CRD does not know is dropped without a word: the guardrail that it was "
    "meant to be is off.",
    remedy="Use the field's right name, or move it to the object that has it. The known fields "
    "are those of the CRDs that Flagstone is given or the repository holds, else those of "
    f"Istio {ISTIO_VERSION}.",
    not_applicable="The service has no DestinationRule and no VirtualService.",
    no_data=_IN_VIEW,
)
def known_fields(service: ServiceView, _params: NoParams) -> Outcome:
    findings, schemas = Findings(), service.surroundings.schemas
    for kind in KINDS:
        for manifest in service.of_kind(kind, GROUP):
            findings.judged += 1
            if schemas.source(manifest):
                for problem in schemas.problems(manifest):
                    if problem.unknown:
                        findings.fault(problem.message, manifest, *problem.keys)
                continue
            for unknown in unknown_fields(kind, manifest.spec):
                message = f"{unknown.dotted} is no field of {kind}: {unknown.advice}"
                findings.fault(message, manifest, *unknown.keys)
    return findings.verdict(
        "every field exists", nothing="there is no DestinationRule and no VirtualService"
    )
