"""Where a misplaced field belongs: nearest first, never in a status, and rather nowhere than in a wrong place."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.schemas.advice import with_article
from flagstone.policies.schemas.schemas import Schemas
from tests.corpora import corpus

_API = {
    "AnalysisTemplate": "argoproj.io/v1alpha1",
    "DestinationRule": "networking.istio.io/v1",
    "Rollout": "argoproj.io/v1alpha1",
    "ServiceMonitor": "monitoring.coreos.com/v1",
    "VirtualService": "networking.istio.io/v1",
}
_SUITABLE = {
    "AnalysisTemplate": {"metrics": [{"name": "a", "provider": {}}]},
    "DestinationRule": {"host": "a"},
    "Rollout": {},
    "ServiceMonitor": {"endpoints": [], "selector": {}},
    "VirtualService": {},
}


def real(kind: str, spec: dict[str, Any]) -> Manifest:
    return Manifest(
        {"apiVersion": _API[kind], "kind": kind, "spec": {**_SUITABLE[kind], **spec}}, "a.yaml"
    )


def canary(*steps: Any, **more: Any) -> dict[str, Any]:
    return {"strategy": {"canary": {"steps": list(steps), **more}}}


def pool(**http: Any) -> dict[str, Any]:
    return {"trafficPolicy": {"connectionPool": {"http": http}}}


def container(**fields: Any) -> dict[str, Any]:
    return {"template": {"spec": {"containers": [{"name": "a", **fields}]}}}


@pytest.fixture(scope="module")
def known() -> Schemas:
    return Schemas.for_objects([real(kind, {}) for kind in _API], corpus("crds"))


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("kind", "spec", "told"),
    [
        ("DestinationRule", {"trafficPolicy": {"timeout": "3s"}},
         "it belongs to spec.http[] of a VirtualService"),
        ("DestinationRule", {"trafficPolicy": {"retries": {}}},
         "it belongs to spec.http[] of a VirtualService"),
        ("DestinationRule", {"trafficPolicy": {"perTryTimeout": "1s"}},
         "it belongs to spec.http[].retries of a VirtualService"),
        ("DestinationRule", {"trafficPolicy": {"maxConnections": 1}},
         "it belongs to spec.trafficPolicy.connectionPool.tcp of a DestinationRule"),
        ("DestinationRule", {"subsets": [{"name": "a", "trafficPolicy": {"connectionPool": {"maxRetries": 1}}}]},
         "it belongs to spec.subsets[].trafficPolicy.connectionPool.http of a DestinationRule"),
        ("DestinationRule", pool(maxConnections=1),
         "it belongs to spec.trafficPolicy.connectionPool.tcp of a DestinationRule"),
        ("DestinationRule", pool(maxRequests=1), "http2MaxRequests or maxRequestsPerConnection may be meant"),
        ("DestinationRule", pool(timeout="1s"),
         "idleTimeout may be meant, or timeout in spec.http[] of a VirtualService"),
        ("DestinationRule", {"trafficPolicy": {"outlierDetection": {"consecutive5xx": 1}}},
         "the field is called consecutive5xxErrors"),
        ("DestinationRule", {"subsets": [{"name": "a", "weight": 1}]},
         ("it may belong to spec.http[].route[], spec.tcp[].route[] or spec.tls[].route[] of a VirtualService")),
        ("DestinationRule", {"subsets": [{"name": "a", "selector": {}}]},
         "the fields here are labels, name, trafficPolicy"),
        ("VirtualService", {"http": [{"subset": "v1", "route": [{"destination": {"host": "a"}}]}]},
         "it belongs to spec.http[].route[].destination of a VirtualService"),
        ("VirtualService", {"http": [{"subset": "v1", "mirror": {"host": "a"}}]},
         "it belongs to spec.http[].mirror of a VirtualService"),
        ("VirtualService", {"http": [{"perTryTimeout": "1s"}]},
         "it belongs to spec.http[].retries of a VirtualService"),
        ("VirtualService", {"http": [{"route": [{"destination": {"host": "a"}, "timeout": "1s"}]}]},
         "it belongs to spec.http[] of a VirtualService"),
        ("VirtualService", {"http": [{"retries": {"attempts": 1, "retryBudget": {}}}]},
         "it belongs to spec.trafficPolicy of a DestinationRule"),
        ("VirtualService", {"http": [{"route": [{"destination": {"host": "a", "labels": {}}}]}]},
         "the fields here are host, port, subset"),
        ("VirtualService", {"http": [{"outlierDetection": {}}]},
         "it belongs to spec.trafficPolicy of a DestinationRule"),
        ("Rollout", canary({"weight": 5}), "did you mean setWeight?"),
        ("Rollout", canary({"setWeight": 5, "duration": "2m"}),
         ("it may belong to spec.strategy.canary.steps[].experiment or spec.strategy.canary.steps[].pause "
         "of a Rollout")),
        ("Rollout", canary({"setWeight": 5, "duration": "2m"}, {"pause": {}}),
         "it belongs to spec.strategy.canary.steps[].pause of a Rollout"),
        ("Rollout", canary({"pause": {"seconds": 5}}), "the only field here is duration"),
        ("Rollout", canary({"pause": {"unit": "s"}}), "the only field here is duration"),
        ("Rollout", canary({"analysis": {"templateName": "a"}}),
         "it belongs to spec.strategy.canary.steps[].analysis.templates[] of a Rollout"),
        ("Rollout", canary({"analysis": {"interval": "1m"}}),
         "it belongs to spec.metrics[] of an AnalysisRun, an AnalysisTemplate or a ClusterAnalysisTemplate"),
        ("Rollout", container(probes={}), "livenessProbe, readinessProbe or startupProbe may be meant"),
        ("Rollout", container(port=80), "the field is called ports"),
        ("Rollout", {"setWeight": 5}, "it belongs to spec.strategy.canary.steps[] of a Rollout"),
        ("Rollout", {"timeout": "5s"},
         ("the fields here are analysis, minReadySeconds, paused, progressDeadlineAbort, progressDeadlineSeconds, "
         "replicas, restartAt, revisionHistoryLimit, rollbackWindow, selector, strategy, template, …")),
        ("ServiceMonitor", {"interval": "1m"}, "it belongs to spec.endpoints[] of a ServiceMonitor"),
        ("ServiceMonitor", {"endpoints": [{"labels": {}}]}, "did you mean relabelings?"),
        ("ServiceMonitor", {"endpoints": [{"honor": True}]}, "honorLabels or honorTimestamps may be meant"),
    ],
)  # fmt: skip
def test_of_real_kinds(known: Schemas, kind: str, spec: dict[str, Any], told: str) -> None:
    unknown = [problem for problem in known.problems(real(kind, spec)) if problem.unknown]
    assert [problem.message.partition(": ")[2] for problem in unknown] == [told]


def crd(kind: str, spec: dict[str, Any], group: str = "example.com") -> Manifest:
    schema = {"type": "object", "properties": {"spec": fields(**spec), "status": fields(broken={})}}
    version = {"name": "v1", "served": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": kind, "plural": f"{kind.lower()}s"}
    return Manifest(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "spec": {"group": group, "names": names, "versions": [version]},
        },
        "crd.yaml",
    )


def fields(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


_GAUGE = {
    "scale": fields(width={}, steps={"type": "array", "items": fields(height={})}),
    "limits": {"type": "object", "additionalProperties": fields(most={})},
}


@pytest.mark.parametrize(
    ("field", "others", "told"),
    [
        ("width", [], "it belongs to spec.scale of a Gauge"),
        ("height", [], "it belongs to spec.scale.steps[] of a Gauge"),
        ("most", [], "it belongs to spec.limits.* of a Gauge"),
        ("broken", [], "the fields here are limits, scale"),
        ("depth", [crd("Other", {"a": fields(depth={})})], "it belongs to spec.a of an Other"),
        ("depth", [crd("Other", {"a": fields(depth={}), "b": fields(depth={})})],
         "the fields here are limits, scale"),
        ("name", [crd("Other", {"a": fields(name={})})], "the fields here are limits, scale"),
        ("depth", [crd("Other", {"a": fields(depth={})}, "example.org")], "the fields here are limits, scale"),
        ("seaDepth", [crd("Other", {"a": fields(seaDepth={})}, "example.org")], "it may belong to spec.a of an Other"),
        ("seaDepth", [crd("Other", {"a": fields(b=fields(c=fields(seaDepth={})))}, "example.org")],
         "the fields here are limits, scale"),
        ("seaDepth", [crd(kind, {"a": fields(seaDepth={})}, f"{kind}.org") for kind in ("Sea", "Lake")],
         "the fields here are limits, scale"),
    ],
)  # fmt: skip
def test_of_made_up_kinds(field: str, others: list[Manifest], told: str) -> None:
    known = Schemas.for_objects([crd("Gauge", _GAUGE), *others])
    manifest = Manifest({"apiVersion": "example.com/v1", "kind": "Gauge", "spec": {field: 1}}, "a")
    assert [problem.message for problem in known.problems(manifest)] == [
        f"spec.{field} is no field of Gauge: {told}"
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Rollout", "a Rollout"),
        ("AnalysisRun", "an AnalysisRun"),
        ("HTTPRoute", "an HTTPRoute"),
        ("TLSRoute", "a TLSRoute"),
        ("UDPRoute", "a UDPRoute"),
        ("integer", "an integer"),
        ("string", "a string"),
    ],
)
def test_the_article_is_that_of_the_sound(name: str, told: str) -> None:
    assert with_article(name) == told
