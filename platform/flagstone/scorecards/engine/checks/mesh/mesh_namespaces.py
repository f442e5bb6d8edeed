"""NS-01: a namespace in the mesh, without which every route and circuit breaker is only text."""

from __future__ import annotations

from collections.abc import Mapping

from flagstone.policies.manifests.workloads import pod_template_keys
from flagstone.scorecards.engine.mesh import gets_sidecars, is_ambient
from flagstone.scorecards.engine.outcome import Fault, Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

_INJECT = "sidecar.istio.io/inject"
_WAYPOINT = "istio.io/use-waypoint"


@check(
    id="NS-01",
    name="The pods have a sidecar",
    severity=Severity.C,
    rule="Where the service has a VirtualService or DestinationRule, each long-running workload that takes "
    "traffic must be in a namespace that is labelled istio-injection: enabled, or istio.io/rev without "
    "istio-injection, by its Namespace or by an Application with CreateNamespace=true; or its pods are "
    'labelled sidecar.istio.io/inject: "true" or istio.io/rev. Ambient mode (istio.io/dataplane-mode: '
    "ambient on namespace or pods) needs istio.io/use-waypoint on the Namespace or on each Service. "
    'istio-injection: disabled, pods with sidecar.istio.io/inject: "false" and those on the host\'s network '
    "fail.",
    why="Routes and circuit breakers act in the proxies: in a namespace without injection there "
    "are none, and everything that the mesh was to do is off.",
    remedy="Label the Namespace istio-injection: enabled (or istio.io/rev), or the pods "
    'sidecar.istio.io/inject: "true"; ambient mode needs a waypoint (istio.io/use-waypoint) too.',
    not_applicable="The service has no VirtualService and no DestinationRule.",
    no_data="The Namespace is not in the input, no Application labels it, and the pods ask for "
    "nothing: add one of them. "
    f"Or {unrendered('the Service or the workload is')}",
)
def in_the_mesh(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    if service.virtual_services or service.destination_rules:
        for workload in service.long_running:
            if workload.serves and workload.pod:
                findings.judged += 1
                _check(service, workload, findings)
    return findings.verdict("its pods have a sidecar", nothing="no route or rule of the mesh")


def _check(service: ServiceView, workload: Workload, findings: Findings) -> None:
    manifest, labels = workload.manifest, workload.pod.labels if workload.pod else {}
    annotations = workload.pod.annotations if workload.pod else {}
    holder = workload.template_holder
    about = "" if holder is manifest else manifest.ref
    template = pod_template_keys(holder)
    if labels.get(_INJECT, annotations.get(_INJECT)) == "false":
        keys = (*template, "metadata")
        findings.faults.append(Fault("its pods refuse the sidecar", holder, keys, about=about))
        return
    if workload.pod and workload.pod.raw.get("hostNetwork") is True:
        message = "its pods are on the host's network, where there is no sidecar"
        findings.faults.append(Fault(message, holder, workload.pod.keys, about=about))
        return
    known = _namespaces(service, workload)
    waypoints = [own.labels.get(_WAYPOINT, "") for own in workload.services]
    problems = [_problem(found, labels, waypoints) for found in known or [{}]]
    if not all(problems):
        return
    if known:
        findings.fault(problems[0], manifest, "metadata", "namespace")
        return
    where = f"namespace {manifest.namespace}" if manifest.namespace else "the service's namespace"
    message = f"nothing in the input says whether {where} is in the mesh"
    findings.cannot_tell(message, manifest, "metadata", "namespace")


def _namespaces(service: ServiceView, workload: Workload) -> list[Mapping[str, str]]:
    """The labels that the namespace has or gets."""
    name = workload.manifest.namespace
    found: list[Mapping[str, str]] = []
    if name in service.surroundings.namespace_labels:
        found.append(service.surroundings.namespace_labels[name])
    for application in service.applications:
        makes = "CreateNamespace=true" in application.sync_options
        if makes and application.namespace in {"", name}:
            found.append(application.namespace_labels)
    return found


def _problem(labels: Mapping[str, str], pods: Mapping[str, str], waypoints: list[str]) -> str:
    """What is wrong with the labels of a namespace and its pods; `waypoints` are those that Services name.

    The injector is called for a pod by a label of either; an annotation is read only when it is called.
    """
    if labels.get("istio-injection") == "disabled":
        return "its namespace is labelled istio-injection: disabled"
    if gets_sidecars(labels) or pods.get(_INJECT) == "true" or pods.get("istio.io/rev"):
        return ""
    if is_ambient(labels) or is_ambient(pods):
        named = [own or labels.get(_WAYPOINT, "") for own in waypoints or [""]]
        if all(name and name != "none" for name in named):
            return ""
        return "ambient mode without a waypoint has no retries and no ejection"
    return "its namespace is not labelled for the mesh"
