"""VS-02 to VS-04: retries that are few, that fit into the timeout, and that repeat nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.checks.mesh.timeouts import forwarding
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.policy_checks import judge_objects
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NO_ROUTE = "no VirtualService with an http rule that forwards"
_NO_RETRIES = "no route retries"
_IN_VIEW = unrendered("The VirtualService is")
# Answers of the backend itself, which it may give after a part of the work is done; and for Envoy a connection
# that broke under way is `unavailable` too.
_GRPC_ANSWERS = ("cancelled", "resource-exhausted", "unavailable")
_READING_METHODS = ("GET", "HEAD", "OPTIONS")


@check(
    id="VS-02",
    name="Retries are finite and written down",
    severity=Severity.C,
    rule="Each http rule of a VirtualService that has `route` must have retries.attempts, a whole number from 0 "
    "to 3 (maxAttempts of the policy). A missing `retries` (unless meshRetriesOff of the policy is set) or "
    "a missing `attempts` fails as high, any other value as critical.",
    why="Without `retries` the mesh retries twice all the same; many attempts multiply the load on "
    "a backend that is already failing.",
    remedy="Set spec.http[].retries.attempts to 0..3 on each rule that forwards (0 switches "
    "retries off).",
    not_applicable=_NO_ROUTE.capitalize() + ".",
    no_data=_IN_VIEW,
    policy=True,
)
def retries(service: ServiceView, _params: NoParams) -> Outcome:
    return judge_objects(
        service,
        "VS-02",
        forwarding(service),
        good="every route says how often it retries",
        nothing=_NO_ROUTE,
    )


@check(
    id="VS-03",
    name="The tries fit into the timeout",
    severity=Severity.H,
    rule="Where retries.attempts is above 0, perTryTimeout must be a duration above 0, and with a timeout above "
    "0 (attempts + 1) x perTryTimeout must be no longer than it. The time between the tries is not counted.",
    why="Without perTryTimeout the first try may use up the whole timeout, and the retries never "
    "happen; tries that do not fit are cut off.",
    remedy="Set perTryTimeout so that (attempts + 1) x perTryTimeout <= timeout.",
    not_applicable="No route retries.",
    no_data=_IN_VIEW,
    policy=True,
)
def per_try_timeout(service: ServiceView, _params: NoParams) -> Outcome:
    return judge_objects(
        service,
        "VS-03",
        _retrying(service),
        good="the tries fit into the timeout",
        nothing=_NO_RETRIES,
    )


@check(
    id="VS-04",
    name="Only what was not processed is retried",
    severity=Severity.C,
    rule="Where retries.attempts is above 0, retryOn must name conditions. Unless the rule has `match` and each of "
    "it the exact method GET, HEAD or OPTIONS, 5xx, gateway-error, reset, retriable-4xx, retriable-status-codes, "
    "deadline-exceeded, internal and bare status codes fail, and the answers of gRPC "
    f"{', '.join(_GRPC_ANSWERS)} warn. A condition that Istio does not know fails as high.",
    why="`5xx`, `reset` and the like repeat a POST that the backend has already processed: the "
    "customer is charged twice.",
    remedy="Set retryOn: connect-failure,refused-stream,reset-before-request; keep wider "
    "conditions for rules that match only GET, HEAD or OPTIONS. gRPC's cancelled, resource-exhausted and "
    "unavailable are for calls that may be repeated: they warn.",
    not_applicable="No route retries.",
    no_data=_IN_VIEW,
    policy=True,
)
def retry_on(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for manifest in _retrying(service):
        for position, rule in _retrying_rules(manifest):
            asked = {part.strip() for part in str(dig(rule, "retries", "retryOn")).split(",")}
            keys = ("spec", "http", position, "retries", "retryOn")
            for condition in sorted(asked.intersection(_GRPC_ANSWERS)) if _writes(rule) else ():
                message = (
                    f"http[{position}] tries again on {condition}, which a gRPC backend may answer after it "
                    "has begun: right only for calls that may be repeated"
                )
                findings.warn(message, manifest, *keys)
    return judge_objects(
        service,
        "VS-04",
        _retrying(service),
        good="only safe conditions are retried",
        nothing=_NO_RETRIES,
        found=findings,
    )


def _retrying(service: ServiceView) -> list[Manifest]:
    return [manifest for manifest in forwarding(service) if any(_retrying_rules(manifest))]


def _retrying_rules(manifest: Manifest) -> Iterator[tuple[int, dict[str, Any]]]:
    for position, rule in enumerate(map(mapping, sequence(manifest.spec.get("http")))):
        if dig(rule, "retries", "attempts") not in (None, 0):
            yield position, rule


def _writes(rule: dict[str, Any]) -> bool:
    """Whether a rule takes more than reads: its matches are alternatives, so each has to be limited."""
    methods = [dig(match, "method", "exact") for match in sequence(rule.get("match"))]
    return not methods or any(method not in _READING_METHODS for method in methods)
