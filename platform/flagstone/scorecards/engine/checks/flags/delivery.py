"""FF-08: the flags that are declared reach the pods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.policies.manifests.workloads import pod_template_keys
from flagstone.scorecards.engine.flags.flag_sets import GROUP
from flagstone.scorecards.engine.outcome import Findings, Keys, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.workload_view import Workload

_ENABLED = "openfeature.dev/enabled"
_SOURCE = "openfeature.dev/featureflagsource"
_IN_PROCESS = "openfeature.dev/inprocessconfiguration"
_OLD = ("openfeature.dev/flagsourceconfiguration", "openfeature.dev/featureflagconfiguration")
_OWN_CONFIG = re.compile(
    r"FLAGD_(?:RESOLVER|SOURCE_\w+|SOURCES?|HOST|OFFLINE_\w+|SOCKET_PATH|TARGET_URI)"
)
# Says nothing: flagd is asked for in the pod itself, and only a container of its own would answer there.
_ELSEWHERE = ("offlineFlagSourcePath", "socketPath", "targetUri", "envVars")
_LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})
_IN_THE_POD = {"FLAGD_HOST": _LOCAL, "FLAGD_RESOLVER": {"", "rpc"}}


@check(
    id="FF-08",
    name="The flags reach the pods",
    severity=Severity.M,
    rule=f'A pod that keeps running and has an annotation of OpenFeature\'s operator has {_ENABLED}: "true" and names '
    "a FeatureFlagSource that exists, with the FeatureFlags that it reads, or an InProcessConfiguration with a "
    "host elsewhere, a file or a socket. Or flagd is set up in the pod itself: as a container, or by variables "
    "such as FLAGD_HOST that lead out of the pod. A service that declares flags must have a pod that gets "
    "flags in one of these ways.",
    why="Without flagd beside it, or with a source that does not exist, a program gets its defaults: the "
    "switch that is thrown in Git does nothing.",
    remedy='Annotate the pod template with `openfeature.dev/enabled: "true"` and '
    "`openfeature.dev/featureflagsource: <FeatureFlagSource>`, or "
    "`openfeature.dev/inprocessconfiguration: <InProcessConfiguration>`; without the operator set "
    "FLAGD_RESOLVER to in-process, with FLAGD_HOST or FLAGD_OFFLINE_FLAG_SOURCE_PATH.",
    not_applicable="The service has no FeatureFlag and no pod asks for flags, or nothing of it keeps running.",
    no_data="The source is in a namespace of which nothing is in view: score a folder that holds the "
    "FeatureFlagSource too.",
)
def delivered(service: ServiceView, params: NoParams) -> Outcome:
    found = Findings()
    asking = [w for w in service.long_running if w.pod and _asks(w)]
    for workload in asking:
        found.judged += 1
        _judge(service, workload, found)
    declared = service.of_kind("FeatureFlag", GROUP) + service.of_kind("FeatureFlagSource", GROUP)
    running = [workload for workload in service.long_running if workload.pod]
    if declared and running and not asking:
        found.judged += 1
        if not any(_has_own_config(service, one) for one in running):
            message = f"its pods get no flags, though {declared[0].ref} declares some"
            way = _annotations_of(running[0])
            found.fault(f"{message}: {_ENABLED} is not set", running[0].template_holder, *way)
    nothing = "no FeatureFlag and no pod that asks"
    if declared:
        nothing = (
            f"{declared[0].ref} is there, and nothing that keeps running could ask for its flags"
        )
    return found.verdict("the flags reach the pods", nothing=nothing)


def _asks(workload: Workload) -> bool:
    annotations = workload.pod.annotations if workload.pod else {}
    return any(key in annotations for key in (_ENABLED, _SOURCE, _IN_PROCESS, *_OLD))


def _has_own_config(service: ServiceView, workload: Workload) -> bool:
    """Whether flagd is set up in the pod itself: in the process, or as a container by hand."""
    for container in workload.pod.containers if workload.pod else ():
        if "flagd" in str(container.raw.get("image", "")).rpartition("/")[2]:
            return True
        variables = _variables(service, workload, container.raw)
        named = {name for name, value in variables.items() if _names_a_source(name, value)}
        host = variables.get("FLAGD_HOST")
        if named == {"FLAGD_RESOLVER"} and host is not None and str(host).lower() in _LOCAL:
            continue  # it asks for the flags where nobody has them
        if named:
            return True
    return False


def _variables(
    service: ServiceView, workload: Workload, container: dict[str, Any]
) -> dict[str, Any]:
    """The variables of a container, those of whole ConfigMaps in view among them."""
    found: dict[str, Any] = {}
    for one in map(mapping, sequence(container.get("envFrom"))):
        name, near = dig(one, "configMapRef", "name"), workload.manifest
        maps = service.index.named("", "ConfigMap", str(name), near=near, namespace=near.namespace)
        data = mapping(maps[0].raw.get("data")) if maps else {}
        found |= {f"{one.get('prefix') or ''}{key}": value for key, value in data.items()}
    for one in map(mapping, sequence(container.get("env"))):
        found[str(one.get("name"))] = one.get("value")
    return found


def _names_a_source(name: str, value: Any) -> bool:
    if not _OWN_CONFIG.fullmatch(name):
        return False
    return str(value).lower() not in _IN_THE_POD.get(name, ())


def _annotations_of(workload: Workload) -> Keys:
    template = pod_template_keys(workload.template_holder)
    return (*template, "metadata", "annotations") if template else ("metadata",)


def _judge(service: ServiceView, workload: Workload, found: Findings) -> None:
    annotations = workload.pod.annotations if workload.pod else {}
    holder, way = workload.template_holder, _annotations_of(workload)
    if annotations.get(_ENABLED) != "true":
        if not _has_own_config(service, workload):
            given = annotations.get(_ENABLED)
            words = "is not set" if given is None else f"is {given!r}"
            found.fault(f'{_ENABLED} {words}: it must be "true"', holder, *way, _ENABLED)
        return
    if _SOURCE not in annotations and _IN_PROCESS in annotations:
        _judge_in_process(service, workload, found)
        return
    if _SOURCE not in annotations:
        if _has_own_config(service, workload):
            return
        old = next((key for key in _OLD if key in annotations), "")
        message = f"{old} is no longer read" if old else "no source of flags is named"
        found.fault(f"{message}: set {_SOURCE}", holder, *way, old or _ENABLED)
        return
    for source in _named(service, workload, _SOURCE, "FeatureFlagSource", found):
        _judge_flags_of(service, source, found)


def _judge_in_process(service: ServiceView, workload: Workload, found: Findings) -> None:
    """The provider in the process needs a flagd elsewhere, or a file, to have the flags from."""
    for config in _named(service, workload, _IN_PROCESS, "InProcessConfiguration", found):
        host = str(config.spec.get("host") or "").lower()
        elsewhere = host not in _LOCAL or any(map(config.spec.get, _ELSEWHERE))
        if not elsewhere and not _has_own_config(service, workload):
            message = "it names no flagd to have the flags from: set host, or offlineFlagSourcePath"
            found.fault(message, config, "spec", "host")


def _named(
    service: ServiceView, workload: Workload, annotation: str, kind: str, found: Findings
) -> Iterator[Manifest]:
    """The objects that an annotation names, as name or namespace/name; it is noted which are not there."""
    annotations = workload.pod.annotations if workload.pod else {}
    names = [name.strip() for name in annotations[annotation].split(",")]
    for name in filter(None, names):
        yield from _object(service, workload, annotation, kind, name, found)
    if not any(names):
        keys = (*_annotations_of(workload), annotation)
        found.fault(f"{annotation} names nothing", workload.template_holder, *keys)


def _object(
    service: ServiceView,
    workload: Workload,
    annotation: str,
    kind: str,
    ref: str,
    found: Findings,
) -> Iterator[Manifest]:
    namespace, slash, name = ref.rpartition("/")
    manifest = workload.manifest
    where = namespace if slash else manifest.namespace
    objects = service.index.named(GROUP, kind, name, near=manifest, namespace=where)
    keys = (*_annotations_of(workload), annotation)
    if objects:
        yield objects[0]
    elif slash and namespace not in {manifest.namespace, *service.index.namespaces}:
        message = f"{kind} {ref} is in a namespace of which nothing is in view"
        found.cannot_tell(message, workload.template_holder, *keys)
    else:
        message = f"the {kind} {name} does not exist{_in(where)}"
        found.missing(message, workload.template_holder, *keys)


def _in(namespace: str) -> str:
    return f" in the namespace {namespace}" if namespace else ""


def _judge_flags_of(service: ServiceView, source: Manifest, found: Findings) -> None:
    """The FeatureFlags that a source reads must exist, where their namespace is in view."""
    for number, value in enumerate(sequence(source.spec.get("sources"))):
        item = mapping(value)
        ref = item.get("source")
        provider = item.get("provider") or source.spec.get("defaultSyncProvider") or "kubernetes"
        if provider != "kubernetes" or not isinstance(ref, str):
            continue
        namespace, slash, name = ref.rpartition("/")
        where = namespace if slash else source.namespace
        if where not in {source.namespace, *service.index.namespaces}:
            continue
        if not service.index.named(GROUP, "FeatureFlag", name, near=source, namespace=where):
            message = f"it reads the FeatureFlag {name}, which does not exist{_in(where)}"
            found.missing(message, source, "spec", "sources", number, "source")
