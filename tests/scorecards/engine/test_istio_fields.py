"""The fields of Istio's objects: the data, and where a misplaced field belongs."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from flagstone.scorecards.engine.istio_fields import KINDS, known_fields, unknown_fields
from tests.corpora import corpus


def found(kind: str, spec: Any) -> list[tuple[str, str]]:
    return [(unknown.dotted, unknown.advice) for unknown in unknown_fields(kind, spec)]


@pytest.mark.parametrize(
    ("kind", "spec", "place", "advice"),
    [
        (
            "DestinationRule",
            {"trafficPolicy": {"outlierDetection": {"consecutive5xx": 5}}},
            "spec.trafficPolicy.outlierDetection.consecutive5xx",
            "the field is called consecutive5xxErrors",
        ),
        (
            "DestinationRule",
            {
                "subsets": [
                    {"trafficPolicy": {"outlierDetection": {"consecutiveGatewayFailure": 5}}}
                ]
            },
            "spec.subsets[0].trafficPolicy.outlierDetection.consecutiveGatewayFailure",
            "the field is called consecutiveGatewayErrors",
        ),
        (
            "DestinationRule",
            {"trafficPolicy": {"circuitBreaker": {"consecutive5xxErrors": 5}}},
            "spec.trafficPolicy.circuitBreaker",
            "it belongs to connectionPool and outlierDetection of a DestinationRule's spec.trafficPolicy",
        ),
        (
            "DestinationRule",
            {"trafficPolicy": {"retryPolicy": {"attempts": 3}}},
            "spec.trafficPolicy.retryPolicy",
            "it belongs to retries of a VirtualService's spec.http[] route",
        ),
        (
            "DestinationRule",
            {"trafficPolicy": {"timeout": "3s"}},
            "spec.trafficPolicy.timeout",
            "it belongs to a VirtualService's spec.http[] route",
        ),
        (
            "VirtualService",
            {"http": [{}, {"outlierDetection": {}}]},
            "spec.http[1].outlierDetection",
            "it belongs to a DestinationRule's spec.trafficPolicy",
        ),
        (
            "VirtualService",
            {"http": [{"retries": {"attempt": 3}}]},
            "spec.http[0].retries.attempt",
            "did you mean attempts?",
        ),
        (
            "VirtualService",
            {"http": [{"maxEjectionPercent": 50}]},
            "spec.http[0].maxEjectionPercent",
            "it is a field of OutlierDetection",
        ),
        (
            "VirtualService",
            {"http": [{"route": [{"zzz": 1}]}]},
            "spec.http[0].route[0].zzz",
            "the fields here are destination, headers, weight",
        ),
    ],
)
def test_an_unknown_field_is_told_where_it_belongs(
    kind: str, spec: Any, place: str, advice: str
) -> None:
    assert found(kind, spec) == [(place, advice)]


def test_maps_have_keys_of_their_own() -> None:
    rule = {"subsets": [{"labels": {"anything": "goes"}}]}
    route = {"http": [{"match": [{"headers": {"x-any": {"exact": "1", "exakt": "2"}}}]}]}

    assert found("DestinationRule", rule) == []
    assert [place for place, _ in found("VirtualService", route)] == [
        "spec.http[0].match[0].headers.x-any.exakt"
    ]


def test_values_of_another_shape_are_not_walked() -> None:
    assert found("VirtualService", {"http": "none", "hosts": [{"a": 1}]}) == []


@pytest.mark.corpus
def test_the_data_has_the_fields_of_the_crds() -> None:
    for path in sorted((corpus("crds") / "istio__api").glob("*.yaml")):
        crd = yaml.safe_load(path.read_text())
        kind = crd["spec"]["names"]["kind"]
        assert kind in KINDS
        for version in crd["spec"]["versions"]:
            schema = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
            assert known_fields(kind) == _fields(schema), (kind, version["name"])


def _fields(schema: Any) -> Any:
    """The names in a CRD's schema, nested; None for a plain value, `*` for any key."""
    if "properties" in schema:
        return {name: _fields(inner) for name, inner in schema["properties"].items()}
    if isinstance(schema.get("additionalProperties"), dict):
        return {"*": _fields(schema["additionalProperties"])}
    return _fields(schema["items"]) if schema.get("type") == "array" else None
