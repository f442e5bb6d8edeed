"""GK: what policies look at, and what they leave out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flagstone.policies.gatekeeper.matching import Match
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.relations import ISTIO
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.subjects.policies_in_view import constraints_of
from flagstone.scorecards.engine.trials import objects
from flagstone.scorecards.engine.trials.places import place_for
from flagstone.scorecards.engine.trials.trial import Subject

_NONE = "no constraint of Gatekeeper is among its files"
_NAMES: dict[Subject, re.Pattern[str]] = {
    "probes": re.compile(r"probe", re.IGNORECASE),
    "resources": re.compile(r"resources$|containerlimits|containerrequests", re.IGNORECASE),
    "canary": re.compile(r"canary|rolloutstrategy", re.IGNORECASE),
    "retries": re.compile(r"retr(y|ies)", re.IGNORECASE),
}


@check(
    id="GK-04",
    name="Policies about pods look at every workload",
    severity=Severity.C,
    rule="The constraints of one kind that are about probes or resources must together match "
    f"{', '.join(objects.LONG_RUNNING)}; where they match generated Pods, an ExpansionTemplate may stand in for "
    "a kind. A missing Rollout is a critical finding, another kind one of high severity, and a policy that "
    "looks at Pods too gets a warning only. What a constraint is about is told by trying its template, or by "
    "the name of its kind where the template is not in the input.",
    why="A policy about probes or resources that matches Deployments guards no Rollout: the services "
    "are Rollouts, so it guards nothing.",
    remedy="Match Deployment, StatefulSet and DaemonSet of apps and Rollout of argoproj.io, or bring "
    "an ExpansionTemplate for what a policy about Pods does not see.",
    not_applicable="No constraint among the files is about probes or resources.",
    no_data=unrendered("The constraint or its template is"),
)
def workloads(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    by_kind: dict[str, list[Manifest]] = {}
    for constraint in constraints_of(service):
        if any(_is_about(service, constraint, subject) for subject in ("probes", "resources")):
            by_kind.setdefault(constraint.kind, []).append(constraint)
    for used in by_kind.values():
        _check_kinds(service, used, findings)
    return findings.verdict(
        "every kind of workload is looked at",
        nothing="no constraint here is about probes or resources"
        if constraints_of(service)
        else _NONE,
    )


def _is_about(service: ServiceView, constraint: Manifest, subject: Subject) -> bool:
    template = service.surroundings.policies_in_view.template_of(constraint)
    if template is None:
        return bool(_NAMES[subject].search(constraint.kind))
    return service.surroundings.trial(template, constraint).is_about(subject)


def _looks_at(constraint: Manifest, kind: str) -> bool:
    """Whether its match covers that kind, as it lies in Git or as it is generated."""
    match = {k: v for k, v in mapping(constraint.spec.get("match")).items() if k != "source"}
    return objects.looked_at(match, kind, place_for(match))


def _check_kinds(service: ServiceView, used: list[Manifest], findings: Findings) -> None:
    """Hold the matches of the constraints of one kind against the workloads, all together."""
    keys = ("spec", "match", "kinds")
    direct = [c for c in used if mapping(c.spec.get("match")).get("source") != "Generated"]
    seen = {kind for kind in objects.POD_KINDS if any(_looks_at(c, kind) for c in direct)}
    generated = any(_looks_at(c, "Pod") for c in used)
    if not seen and not generated:
        if named := [c for c in used if _names(c)]:
            field = "scope" if named[0].at("spec", "match", "scope") == "Cluster" else "source"
            said = f"{field}: {named[0].at('spec', 'match', field)}"
            message = f"{named[0].ref} looks at no workload, because its match says {said}"
            findings.fault(message, named[0], "spec", "match", field)
        return  # else it is about something else that runs pods, such as Jobs
    findings.judged += 1
    expanded = set(_expanded(service)) if generated else set()
    left = [
        kind
        for kind in objects.LONG_RUNNING
        if kind not in seen and (objects.group_of(kind), kind) not in expanded
    ]
    if "Pod" in seen and left:
        message = (
            f"{used[0].ref} looks at Pods and not at {_listed(left)}: the refusal is reported on "
            "what makes the Pod, and nothing is said of the manifests in Git"
        )
        findings.warn(message, used[0], *keys)
        return
    for kind in left:
        message = (
            f"{used[0].ref} does not look at {kind} ({objects.group_of(kind)}): all pass unseen"
        )
        severity = Severity.C if kind == "Rollout" else Severity.H
        findings.fault(message, used[0], *keys, severity=severity)


def _names(constraint: Manifest) -> bool:
    """Whether the kinds of its match are workloads, whatever else it says."""
    match = Match(mapping(constraint.spec.get("match")))
    return any(match.kind_matches(objects.group_of(kind), kind) for kind in objects.POD_KINDS)


def _listed(kinds: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(kinds[:-1]), kinds[-1])))


def _expanded(service: ServiceView) -> Iterator[tuple[str, str]]:
    """The group and kind of what ExpansionTemplates make Pods of."""
    for expansion in service.index.of_kind("ExpansionTemplate", "expansion.gatekeeper.sh"):
        if mapping(expansion.spec.get("generatedGVK")).get("kind") == "Pod":
            for entry in map(mapping, sequence(expansion.spec.get("applyTo"))):
                for group in sequence(entry.get("groups")):
                    for kind in sequence(entry.get("kinds")):
                        yield str(group), str(kind)


@check(
    id="GK-09",
    name="What ships traffic is guarded",
    severity=Severity.M,
    rule="It is asked of whoever has a constraint. If the input holds a VirtualService or DestinationRule, some "
    "constraint of the input must match VirtualService and be about retries; if it holds a Rollout, some must "
    "match Rollout and be about the canary. What a constraint is about is told by trying its template, or by "
    "the name of its kind where the template is not in the input.",
    why="Where Istio and Argo Rollouts are used, endless retries and rollouts that go live at once "
    "are what hurts most; a review forgets them, a policy does not.",
    remedy="Bring a constraint that bounds the timeouts and retries of VirtualServices, and one that "
    "demands a careful canary of Rollouts.",
    not_applicable="No constraint is among the files, or neither Istio nor Argo Rollouts is used in "
    "the input.",
    no_data=unrendered("Part of the input is"),
)
def traffic(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    own = constraints_of(service)
    uses_mesh = any(service.index.of_kind(k, ISTIO) for k in ("VirtualService", "DestinationRule"))
    wanted: list[tuple[Subject, str, str]] = []
    if own and uses_mesh:
        wanted.append(
            ("retries", "VirtualService", "bounds the timeouts and retries of its routes")
        )
    if own and service.index.of_kind("Rollout", "argoproj.io"):
        wanted.append(("canary", "Rollout", "demands a careful canary of its Rollouts"))
    for subject, kind, what in wanted:
        findings.judged += 1
        if not _guarded(service, subject, kind):
            message = f"no constraint of the input {what}"
            if service.surroundings.snapshot.unrendered:
                findings.cannot_tell(message, own[0])
            else:
                findings.missing(message, own[0])
    return findings.verdict(
        "policies guard how traffic is shipped",
        nothing="neither Istio nor Argo Rollouts is used in the input" if own else _NONE,
    )


def _guarded(service: ServiceView, subject: Subject, kind: str) -> bool:
    everything = service.surroundings.policies_in_view.constraints
    return any(_looks_at(c, kind) and _is_about(service, c, subject) for c in everything)
