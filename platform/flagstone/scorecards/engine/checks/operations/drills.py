"""CH: a drill that proves that outlier detection ejects."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import yaml

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.ci.consequences import calls, functions_that_fail
from flagstone.scorecards.engine.outcome import (
    Fault,
    Findings,
    Outcome,
    failed,
    not_applicable,
    passed,
)
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.subjects.drills import DRILL_LABEL, Drill

_NOTHING_EJECTS = "nothing runs here behind a DestinationRule with outlier detection"
NO_DRILL = "there is no drill (CH-01)"
NOT_APPLICABLE = "The service has no drill: CH-01 says whether it needs one."
IN_VIEW = unrendered("The drill is")
_COPIES = re.compile(r"\bget\s+(?:-\S+\s+)*(?:destinationrules?|dr)\b[\s\S]{0,600}?trafficPolicy")
_FAULT = re.compile(r"\bfault[\"']?\s*:|/fault\b[/\"']")
_EJECTIONS = re.compile(r"ejections_(?:enforced|active|total)")
_WAITS = re.compile(r"\b(?:sleep|wait|retry)\b")
_TEST = re.compile(r"\[\s|\(\(")
_COMPARES = re.compile(r"\b(?:test\s|assert\b|grep\s+-q|if\b)")
_FAILS = re.compile(
    r"\b(?:exit|return)\s+(?:[1-9]|\"?\$)|\bfalse\b|sys\.exit\(|\braise\b|\bassert\b"
)
_BARE_TEST = re.compile(r"^\s*(?:\[.*\]|test\s.*|\(\(.*\)\))\s*$", re.MULTILINE)
_MOST_FUNCTIONS = 50
_STATISTIC = (
    "cluster.outbound|80||partner.drill.svc.cluster.local.outlier_detection.ejections_active"
)


def _protected(service: ServiceView) -> list[Manifest]:
    """The DestinationRules with outlier detection, of a service that runs."""
    rules = service.destination_rules if service.workloads else []
    return [rule for rule in rules if any("outlierDetection" in p for p in _policies(rule))]


def _policies(rule: Manifest) -> Iterator[dict[str, Any]]:
    yield mapping(rule.spec.get("trafficPolicy"))
    for subset in map(mapping, sequence(rule.spec.get("subsets"))):
        yield mapping(subset.get("trafficPolicy"))


def drills_of(service: ServiceView) -> list[Drill]:
    names = {service.host(rule.spec.get("host"), rule).name for rule in _protected(service)}
    return service.surroundings.mesh_drills(service.folder, names)


def _rules(drill: Drill) -> list[Manifest]:
    return drill.of_kind("DestinationRule")


@check(
    id="CH-01",
    name="A drill has production's circuit breaker",
    severity=Severity.M,
    rule="A service that runs behind a DestinationRule with outlier detection needs a drill: a folder called drill "
    f"or chaos, or objects with the label {DRILL_LABEL}. In it a DestinationRule of the same host must have a "
    "trafficPolicy that equals, field by field, one of production's that has outlier detection; or a script "
    "must copy it from the cluster.",
    why="Outlier detection that nobody has ever seen eject is a guess; a drill with other settings "
    "than production proves something about a system that does not exist.",
    remedy="Keep a drill (folder drill or chaos) whose DestinationRule has production's "
    "trafficPolicy word for word, or a script that copies it from production when it runs.",
    not_applicable="The service has no DestinationRule with outlier detection, so it needs none.",
    no_data=IN_VIEW,
)
def same_policy(service: ServiceView, _params: NoParams) -> Outcome:
    protected = _protected(service)
    if not protected:
        return not_applicable(_NOTHING_EJECTS)
    drills = drills_of(service)
    if not drills:
        rule = protected[0]
        message = f"no drill shows that the outlier detection of {rule.ref} ejects anything"
        return failed(Fault(message, rule, ("spec", "trafficPolicy"), absent=True))
    findings = Findings()
    for drill in drills:
        if any(_COPIES.search(script.code) for script in drill.scripts):
            findings.judged += 1
        for rule in _rules(drill):
            _compare(service, rule, protected, findings)
    if not findings.judged and not findings.faults:
        path = path_of(drills[0])
        return failed(Fault("the drill has no DestinationRule of production's host", path=path))
    return findings.verdict("the drill has production's settings", nothing=NO_DRILL)


def _compare(
    service: ServiceView, rule: Manifest, protected: list[Manifest], findings: Findings
) -> None:
    name = service.host(rule.spec.get("host"), rule).name
    same = [own for own in protected if service.host(own.spec.get("host"), own).name == name]
    if not same:
        return
    findings.judged += 1
    policy = mapping(rule.spec.get("trafficPolicy"))
    ejecting = [theirs for own in same for theirs in _policies(own) if "outlierDetection" in theirs]
    if policy not in ejecting:
        theirs = mapping(same[0].spec.get("trafficPolicy"))
        fields = sorted(k for k in policy.keys() | theirs.keys() if policy.get(k) != theirs.get(k))
        fields = fields or ["outlierDetection"]
        message = f"the drill's {', '.join(fields)} is not that of {same[0].ref}"
        findings.fault(message, rule, "spec", "trafficPolicy")


def path_of(drill: Drill) -> str:
    paths = [script.path for script in drill.scripts] + [m.path for m in drill.manifests]
    return paths[0] if paths else drill.place


@check(
    id="CH-02",
    name="A drill's failures come from an endpoint",
    severity=Severity.H,
    rule="No http route of the drill's VirtualServices has `fault`, and each has `retries.attempts` 0; there must "
    "be such a route, for without one the mesh tries twice more. Where no VirtualService injects a fault, no "
    "script may do so either.",
    why="A fault of a VirtualService is answered by the caller's own proxy, before it chooses an "
    "endpoint: nothing is counted and nothing is ejected. Retries hide the failures to be counted.",
    remedy="Let one endpoint of several answer 503, take `fault` out of the drill's VirtualService, "
    "and set retries: {attempts: 0} there.",
    not_applicable=NOT_APPLICABLE,
    no_data=IN_VIEW,
)
def real_failures(service: ServiceView, _params: NoParams) -> Outcome:
    faults: list[Fault] = []
    drills = drills_of(service)
    for drill in drills:
        routes = drill.of_kind("VirtualService")
        for route in routes:
            faults += _route_faults(route)
        if not any("fault" in mapping(r) for v in routes for r in sequence(v.spec.get("http"))):
            faults += [
                Fault("the script injects a fault of the mesh, which never ejects", path=s.path)
                for s in drill.scripts
                if _FAULT.search(s.code)
            ]
        if not any(sequence(v.spec.get("http")) for v in routes) and not faults:
            message = "no VirtualService of the drill turns retries off: two hide each failure"
            faults.append(Fault(message, path=path_of(drill)))
    if faults:
        return failed(*faults)
    return passed("its failures come from an endpoint") if drills else not_applicable(NO_DRILL)


def _route_faults(route: Manifest) -> Iterator[Fault]:
    for i, rule in enumerate(map(mapping, sequence(route.spec.get("http")))):
        keys = ("spec", "http", i)
        if rule.get("fault"):
            message = "the caller's proxy answers a fault before it chooses an endpoint"
            yield Fault(f"{message}: nothing is ever ejected", route, (*keys, "fault"))
        attempts = dig(rule, "retries", "attempts")
        if attempts != 0 or isinstance(attempts, bool):
            said = "are not set, which means 2" if attempts is None else f"are {attempts}"
            message = f"the drill's retries {said}: they hide the failures to be counted"
            yield Fault(message, route, (*keys, "retries"))


@check(
    id="CH-03",
    name="A drill fails when nothing was ejected",
    severity=Severity.M,
    rule="One script of the drill must read ejections_enforced, ejections_active or ejections_total, compare "
    "something, be able to end with a failure after that, and look at ejections_active behind a sleep, wait or "
    "retry.",
    why="A drill that only prints is read as passed by whoever runs it, and by every pipeline.",
    remedy="Read ejections_enforced_total and ejections_active, compare them, wait until "
    "ejections_active is 0 again, and exit non-zero when one of that does not hold.",
    not_applicable=NOT_APPLICABLE,
    no_data=IN_VIEW,
)
def asserts(service: ServiceView, _params: NoParams) -> Outcome:
    drills = drills_of(service)
    faults = [fault for drill in drills if (fault := _weakness(drill))]
    if faults:
        return failed(*faults)
    return passed("it fails unless something is ejected") if drills else not_applicable(NO_DRILL)


def _weakness(drill: Drill) -> Fault | None:
    if not drill.scripts:
        return Fault("no script runs the drill and looks at what comes of it", path=path_of(drill))
    found = [(script.path, _missing_assertion(script.code)) for script in drill.scripts]
    if any(not problem for _, problem in found):
        return None
    path, problem = found[0]
    return Fault(problem, path=path)


def _missing_assertion(code: str) -> str:
    asked = _EJECTIONS.search(code)
    if asked is None:
        return "the drill does not look at the statistics of ejections"
    if not (_TEST.search(code) or _COMPARES.search(code)):
        return "the drill only prints: it compares nothing"
    judged = code[asked.start() :]
    bare = re.search(r"\bset -\w*e", code) and _BARE_TEST.search(judged)
    ends = list(itertools.islice(functions_that_fail(code), _MOST_FUNCTIONS))
    if not (_FAILS.search(judged) or bare or calls(judged, ends)):
        return "the drill only prints: it never exits non-zero"
    waits = _WAITS.search(code)
    if waits is None or code.find("ejections_active", waits.end()) < 0:
        return "the drill does not wait to see that the endpoint comes back"
    return ""


@check(
    id="CH-05",
    name="The drill sees ejections",
    severity=Severity.H,
    rule="A pod of the service or an object of the drill must let Envoy's statistics of outlier_detection through: "
    "by proxyStatsMatcher in the annotation proxy.istio.io/config, or by sidecar.istio.io/statsInclusion with "
    "Regexps, Prefixes or Suffixes. The same in defaultConfig of the mesh's own ConfigMap, istio, is as good.",
    why="Envoy hides the statistics of outlier detection in a sidecar unless the pod asks for them: "
    "the drill is blind, and so is everybody else.",
    remedy="Annotate the calling pods with proxy.istio.io/config: proxyStatsMatcher: "
    'inclusionRegexps: [".*outlier_detection.*"].',
    not_applicable=NOT_APPLICABLE,
    no_data=IN_VIEW,
)
def sees_ejections(service: ServiceView, _params: NoParams) -> Outcome:
    drills = drills_of(service)
    if not drills:
        return not_applicable(NO_DRILL)
    pods = [w.pod.annotations for w in service.workloads if w.pod]
    for manifest in (m for drill in drills for m in drill.manifests):
        template = dig(manifest.spec, "template", "metadata", "annotations")
        pods += [manifest.annotations, mapping(template)]
    if any(_shows(mapping(pod)) for pod in pods) or _mesh_shows(service):
        return passed("the calling pods show the statistics of ejections")
    message = "no calling pod has a proxyStatsMatcher with outlier_detection"
    return failed(Fault(message, path=path_of(drills[0])))


def _shows(annotations: dict[str, Any]) -> bool:
    config = mapping(_yaml(annotations.get("proxy.istio.io/config")))
    matcher = mapping(config.get("proxyStatsMatcher"))
    listed = {
        how: sequence(matcher.get(f"inclusion{how}"))
        + str(annotations.get(f"sidecar.istio.io/statsInclusion{how}") or "").split(",")
        for how in ("Regexps", "Prefixes", "Suffixes")
    }
    return (
        any(_matches(str(pattern)) for pattern in listed["Regexps"] if pattern)
        or any(_STATISTIC.startswith(str(text)) for text in listed["Prefixes"] if text)
        or any(_STATISTIC.endswith(str(text)) for text in listed["Suffixes"] if text)
    )


def _matches(pattern: str) -> bool:
    """Whether a pattern lets the statistics through; it need not, and is not, run as a pattern."""
    return "outlier_detection" in pattern or pattern in {".*", ".+"}


def _mesh_shows(service: ServiceView) -> bool:
    """Whether the whole mesh shows them: meshConfig.defaultConfig, in either place."""
    for config in service.index.everywhere("", "ConfigMap", "istio"):
        mesh = mapping(_yaml(dig(config.raw, "data", "mesh")))
        default = dig(mesh, "defaultConfig")
        if isinstance(default, dict) and _shows({"proxy.istio.io/config": yaml.safe_dump(default)}):
            return True
    return False


def _yaml(text: Any) -> Any:
    try:
        return yaml.load(text, yaml.CBaseLoader) if isinstance(text, str) else None  # noqa: S506 makes only texts
    except (yaml.YAMLError, RecursionError):
        return None
