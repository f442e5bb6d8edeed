"""RO-09 to RO-11: what a canary's Istio router names must exist and fit together."""

from __future__ import annotations

from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence, text_map
from flagstone.scorecards.engine.checks.release.routed_virtual_services import (
    ROUTER,
    RoutedVirtualService,
    routed,
)
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.relations import ISTIO
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

_POD_HASH = "rollouts-pod-template-hash"
_NO_ROUTER = "no canary is routed by Istio"
_NO_SUBSETS = "no canary is routed by Istio subsets (RO-12 looks at hosts)"


@check(
    id="RO-09",
    name="The routes that the canary changes exist",
    severity=Severity.C,
    rule="Each VirtualService in trafficRouting.istio (virtualService and virtualServices, as name or "
    "name.namespace) must be in the input; there must be at least one. Each of `routes` must be the name "
    "of one of its http rules, and without `routes` it must have exactly one http rule (or a single tls or "
    "tcp rule and no http); tlsRoutes and tcpRoutes need tls and tcp rules.",
    why="The controller cannot shift traffic on a VirtualService or route that is not there: the "
    "rollout stops at its first step.",
    remedy="Name an existing VirtualService in trafficRouting.istio.virtualService and the names "
    "of its spec.http[] rules in routes.",
    not_applicable="No canary is routed by Istio.",
    no_data=unrendered("The VirtualService is"),
)
def routes_exist(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for workload in service.canaries:
        if workload.subset_routing and not any(
            workload.subset_routing.get(key) for key in ("virtualService", "virtualServices")
        ):
            findings.fault("the Istio router names no VirtualService", workload.manifest, *ROUTER)
    for route in routed(service):
        findings.judged += 1
        manifest = route.workload.manifest
        if route.found is None:
            message = f"VirtualService {route.name or '(no name)'} is not in the input"
            findings.missing(message, manifest, *route.keys, "name")
        else:
            _check_route_names(route, route.found, manifest, findings)
    return findings.verdict("every route that it changes exists", nothing=_NO_ROUTER)


def _check_route_names(
    route: RoutedVirtualService, found: Manifest, manifest: Manifest, findings: Findings
) -> None:
    rules = [mapping(rule) for rule in sequence(found.spec.get("http"))]
    known = [str(rule["name"]) for rule in rules if rule.get("name")]
    for position, name in enumerate(route.route_names):
        if name not in known:
            has = f"it has {', '.join(known)}" if known else "its http rules have no names"
            message = f"{found.ref} has no http rule called {name}: {has}"
            findings.fault(message, manifest, *route.keys, "routes", position)
    if not route.route_names and not _other_protocols(route, found) and len(rules) != 1:
        message = f"{found.ref} has {len(rules)} http rules and the Rollout names none of them"
        findings.fault(message, manifest, *route.keys)
    for protocol, field in (("tls", "tlsRoutes"), ("tcp", "tcpRoutes")):
        if sequence(route.reference.get(field)) and not sequence(found.spec.get(protocol)):
            message = f"{found.ref} has no {protocol} rules for {field}"
            findings.fault(message, manifest, *route.keys, field)


def _other_protocols(route: RoutedVirtualService, found: Manifest) -> bool:
    """Whether tls or tcp rules are meant: named, or the only ones that there are."""
    named = any(sequence(route.reference.get(field)) for field in ("tlsRoutes", "tcpRoutes"))
    others = [r for key in ("tls", "tcp") for r in sequence(found.spec.get(key))]
    return named or (not sequence(found.spec.get("http")) and len(others) == 1)


@check(
    id="RO-10",
    name="Git has the routed weights at stable 100, canary 0",
    severity=Severity.C,
    rule="Each http rule that the Rollout changes (those in `routes`, or the only one) must have the stable "
    "subset with weight 100 and the canary subset with weight 0, both of one host, and no other "
    "destination but those in additionalSubsetNames. Another rule that splits between these subsets fails "
    "as medium.",
    why="The controller owns the weights while a canary runs, and Git is what is applied before "
    "and after: other weights, or a missing canary destination, send users to pods that may not "
    "be there.",
    remedy="Give each routed rule exactly two destinations of one host: the stable subset with "
    "weight 100 and the canary subset with weight 0.",
    not_applicable="No canary is routed by Istio subsets.",
    no_data="The VirtualService is not in the input (RO-09): score a folder that holds it too. "
    f"Or {unrendered('the Rollout is')}",
)
def weights_in_git(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for route in routed(service):
        subsets = _subset_names(route.workload)
        if subsets is None:
            continue
        if route.found is None:
            message = f"VirtualService {route.name} is not in the input (RO-09)"
            findings.cannot_tell(message, route.workload.manifest, *route.keys, "name")
            continue
        chosen = set()
        for position, rule in route.http_rules():
            findings.judged += 1
            chosen.add(position)
            _check_weights(route.found, position, rule, subsets, route.workload, findings)
            if not _has_one_host(service, route.found, rule):
                message = f"{_label(position, rule)} splits between several hosts"
                findings.fault(message, route.found, "spec", "http", position, "route")
        _note_unlisted_rules(route.found, chosen, subsets, findings)
    return findings.verdict("every routed rule stands at stable 100, canary 0", nothing=_NO_SUBSETS)


def _check_weights(
    found: Manifest,
    position: int,
    rule: dict[str, Any],
    subsets: tuple[str, str],
    workload: Workload,
    findings: Findings,
) -> None:
    stable, canary = subsets
    extra = sequence(dig(workload.subset_routing, "destinationRule", "additionalSubsetNames"))
    keys: tuple[str | int, ...] = ("spec", "http", position, "route")
    label = _label(position, rule)
    weights: dict[str, Any] = {}
    for i, item in enumerate(map(mapping, sequence(rule.get("route")))):
        subset = str(dig(item, "destination", "subset") or "")
        weights[subset] = item.get("weight", 0)
        wanted = {stable: 100, canary: 0}.get(subset)
        if wanted is None and subset not in extra:
            message = f"{label} also sends to {subset or 'a destination without a subset'}"
            findings.fault(message, found, *keys, i, "destination")
        elif wanted is not None and weights[subset] != wanted:
            message = f"{label} gives {subset} the weight {weights[subset]}, not {wanted}"
            findings.fault(message, found, *keys, i, "weight")
    for subset in (stable, canary):
        if subset not in weights:
            findings.fault(f"{label} has no destination with the subset {subset}", found, *keys)


def _label(position: int, rule: dict[str, Any]) -> str:
    return f"http[{position}]" + (f" ({rule['name']})" if rule.get("name") else "")


def _has_one_host(service: ServiceView, found: Manifest, rule: dict[str, Any]) -> bool:
    """Whether all destinations name one host, in whichever way each is written."""
    texts = [dig(item, "destination", "host") for item in sequence(rule.get("route"))]
    hosts = [service.host(text, found) for text in texts]
    return all(host.same_as(hosts[0]) for host in hosts)


def _note_unlisted_rules(
    found: Manifest, chosen: set[int], subsets: tuple[str, str], findings: Findings
) -> None:
    for position, rule in enumerate(map(mapping, sequence(found.spec.get("http")))):
        used = {str(dig(item, "destination", "subset")) for item in sequence(rule.get("route"))}
        if position not in chosen and set(subsets) <= used:
            message = (
                f"http[{position}] splits between the subsets but is not among the Rollout's "
                "routes: it stays at 100/0 for ever"
            )
            findings.fault(message, found, "spec", "http", position, severity=Severity.M)


@check(
    id="RO-11",
    name="The canary's subsets exist and fit the pods",
    severity=Severity.C,
    rule="trafficRouting.istio.destinationRule must name a DestinationRule in the input whose host is that of "
    "the routed destinations and that has both subsets, stable and canary. The pods must have each label "
    f"of these (those of stableMetadata and canaryMetadata count), and none may be {_POD_HASH}.",
    why="A subset that no DestinationRule defines answers 503; one whose labels the pods lack has "
    "no endpoint.",
    remedy="Define both subsets in the DestinationRule of the routed host, with labels that the "
    "pods have, and without rollouts-pod-template-hash, which the controller adds.",
    not_applicable="No canary is routed by Istio subsets.",
    no_data="The pods come from a workloadRef that is not in the input: score a folder that holds it too. "
    f"Or {unrendered('the Rollout or the DestinationRule is')}",
)
def subsets_exist(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    routes = list(routed(service))
    for workload in service.canaries:
        names = _subset_names(workload)
        if names is None:
            continue
        findings.judged += 1
        manifest = workload.manifest
        name = str(dig(workload.subset_routing, "destinationRule", "name") or "")
        rules = service.index.named(ISTIO, "DestinationRule", name, near=manifest)
        if not rules:
            message = f"DestinationRule {name or '(no name)'} is not in the input"
            findings.missing(message, manifest, *ROUTER, "destinationRule", "name")
            continue
        hosts = [route for route in routes if route.workload is workload]
        _check_host(service, rules[0], hosts, findings)
        for subset, role in zip(names, ("stable", "canary"), strict=True):
            _check_subset(rules[0], subset, role, workload, findings)
    return findings.verdict("both subsets exist and fit the pods", nothing=_NO_SUBSETS)


def _check_host(
    service: ServiceView,
    rule: Manifest,
    routes: list[RoutedVirtualService],
    findings: Findings,
) -> None:
    own = service.host(rule.spec.get("host"), rule)
    for route in routes:
        for _, http in route.http_rules():
            for item in map(mapping, sequence(http.get("route"))):
                text = dig(item, "destination", "host")
                if route.found and not service.host(text, route.found).same_as(own):
                    message = f"{rule.ref} is for {own}, and {route.found.ref} sends to {text}"
                    findings.fault(message, rule, "spec", "host")
                    return


def _check_subset(
    rule: Manifest, subset: str, role: str, workload: Workload, findings: Findings
) -> None:
    found = [
        (i, mapping(item))
        for i, item in enumerate(sequence(rule.spec.get("subsets")))
        if mapping(item).get("name") == subset
    ]
    if not found or not subset:
        message = f"{rule.ref} has no subset {subset or f'for {role}: the Rollout names none'}"
        findings.fault(message, rule, "spec", "subsets")
        return
    position, item = found[0]
    labels = text_map(item.get("labels"))
    keys = ("spec", "subsets", position, "labels")
    if _POD_HASH in labels:
        message = f"subset {subset} sets {_POD_HASH}, which the controller writes at run time"
        findings.fault(message, rule, *keys, _POD_HASH)
    if workload.pod is None:
        findings.cannot_tell(workload.unresolved or "it has no pod template", workload.manifest)
        return
    added = text_map(dig(workload.canary, f"{role}Metadata", "labels"))
    pods = workload.pod.labels | added | {_POD_HASH: labels.get(_POD_HASH, "")}
    for key, value in labels.items():
        if pods.get(key) != value:
            message = f"subset {subset} asks for {key}={value}, which the pods do not have"
            findings.fault(message, rule, *keys, key)


def _subset_names(workload: Workload) -> tuple[str, str] | None:
    """The stable and the canary subset; None if the canary is not routed by subsets."""
    rule = dig(workload.subset_routing, "destinationRule")
    if not isinstance(rule, dict):
        return None
    return str(rule.get("stableSubsetName") or ""), str(rule.get("canarySubsetName") or "")
