"""What an entry of ignoreDifferences covers."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.argocd.ignored_differences import (
    IgnoredDifference,
    left_alone,
)
from tests.scorecards.engine.samples import objects

ROUTE = {"group": "networking.istio.io", "kind": "VirtualService"}
RULE = {"group": "networking.istio.io", "kind": "DestinationRule"}
WEIGHTS = ["/spec/http/0/route/0/weight", "/spec/http/0/route/1/weight"]


def entry(raw: dict[str, Any]) -> IgnoredDifference:
    return IgnoredDifference((), raw)


def manifest(name: str) -> Manifest:
    return Manifest(objects(name)[name], "x.yaml")


WEIGHT_PLACES = [("spec", "http", 0, "route", i, "weight") for i in (0, 1)]
HASH = "rollouts-pod-template-hash"
HASH_PLACES = [("spec", "subsets", i, "labels", HASH) for i in (0, 1)]
ROLLOUTS = frozenset({"rollouts-controller"})


@pytest.mark.parametrize(
    ("raw", "covered"),
    [
        (ROUTE | {"jqPathExpressions": [".spec.http[].route[].weight"]}, True),
        (ROUTE | {"jqPathExpressions": [".spec.http[]?.route[]?.weight"]}, True),
        (ROUTE | {"jqPathExpressions": [".spec.http"]}, True),
        (ROUTE | {"jqPathExpressions": [".spec.hosts"]}, False),
        (ROUTE | {"jqPathExpressions": ["spec.http[].route[].weight"]}, False),
        (ROUTE | {"jqPathExpressions": [".spec.http[0].route[0].weight"]}, False),
        (ROUTE | {"jqPathExpressions": ['.spec.http[] | .route[] | ."weight"']}, True),
        (ROUTE | {"jqPathExpressions": [".spec.http[].route[] | with_entries(.) | .weight"]}, True),
        (ROUTE | {"jqPathExpressions": [".spec.http[].route[] | with_entries(.)"]}, False),
        (ROUTE | {"jsonPointers": WEIGHTS}, True),
        (ROUTE | {"jsonPointers": ["/spec/http"]}, True),
        (ROUTE | {"jsonPointers": WEIGHTS[:1]}, False),
        (ROUTE | {"jsonPointers": ["/spec/ht"]}, False),
        (ROUTE | {"jsonPointers": ["/spec/http/*/route/*/weight"]}, False),
        (ROUTE | {"managedFieldsManagers": ["rollouts-controller"]}, True),
        (ROUTE | {"managedFieldsManagers": ["kubectl"]}, False),
        (ROUTE | {"name": "checkout", "jsonPointers": ["/spec"]}, True),
        (ROUTE | {"name": "quote", "jsonPointers": ["/spec"]}, False),
        (ROUTE | {"namespace": "quotes", "jsonPointers": ["/spec"]}, False),
        ({"group": "*", "kind": "*", "jsonPointers": ["/spec"]}, True),
        ({"kind": "VirtualService", "jsonPointers": ["/spec"]}, False),
        (RULE | {"jsonPointers": ["/spec"]}, False),
    ],
)
def test_weights(raw: dict[str, Any], *, covered: bool) -> None:
    found = left_alone([entry(raw)], manifest("vs"), WEIGHT_PLACES, writers=ROLLOUTS)
    assert found is covered


@pytest.mark.parametrize(
    ("raw", "covered"),
    [
        (RULE | {"jqPathExpressions": [f'.spec.subsets[].labels["{HASH}"]']}, True),
        (RULE | {"jqPathExpressions": [f'.spec.subsets[].labels."{HASH}"']}, True),
        (RULE | {"jqPathExpressions": [".spec.subsets"]}, True),
        (RULE | {"jqPathExpressions": [".spec.host"]}, False),
        (RULE | {"jqPathExpressions": ['.spec.subsets[].labels["version"]']}, False),
        (RULE | {"jsonPointers": ["/spec/subsets/0/labels", "/spec/subsets/1/labels"]}, True),
        (RULE | {"jsonPointers": ["/spec/subsets/0/labels"]}, False),
        (RULE | {"managedFieldsManagers": ["rollouts-controller"]}, True),
        (ROUTE | {"jsonPointers": ["/spec"]}, False),
    ],
)
def test_subset_labels(raw: dict[str, Any], *, covered: bool) -> None:
    found = left_alone([entry(raw)], manifest("dr"), HASH_PLACES, writers=ROLLOUTS)
    assert found is covered


def test_two_entries_together() -> None:
    halves = [entry(ROUTE | {"jsonPointers": [weight]}) for weight in WEIGHTS]
    assert left_alone(halves, manifest("vs"), WEIGHT_PLACES, writers=ROLLOUTS)
    assert not left_alone(halves[:1], manifest("vs"), WEIGHT_PLACES, writers=ROLLOUTS)


def test_nothing_to_leave_alone_is_not_left_alone() -> None:
    whole = entry(ROUTE | {"jsonPointers": ["/spec"]})
    assert not left_alone([whole], manifest("vs"), [], writers=ROLLOUTS)


@pytest.mark.parametrize(
    ("raw", "reaches"),
    [
        ({"jqPathExpressions": [".spec.http[].route[].weight"]}, True),
        ({"jqPathExpressions": [".spec.http[0].timeout"]}, True),
        ({"jqPathExpressions": ['.metadata.labels["a"]']}, False),
        ({"jsonPointers": ["/spec/replicas"]}, False),
        ({"jsonPointers": ["/spec/http/0/route"]}, True),
        ({"managedFieldsManagers": ["rollouts-controller"]}, True),
        ({}, False),
    ],
)
def test_reaching_into_a_list(raw: dict[str, Any], *, reaches: bool) -> None:
    assert entry(raw).reaches_into_a_list() is reaches


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({"jqPathExpressions": [".spec.http"]}, True),
        ({"jsonPointers": ["/spec/http"]}, True),
        ({"jsonPointers": ["/spec"]}, True),
        ({"jsonPointers": ["/spec/http/0/timeout"]}, False),
        ({"jqPathExpressions": [".metadata.labels"]}, False),
    ],
)
def test_naming_a_list(raw: dict[str, Any], *, named: bool) -> None:
    assert entry(ROUTE | raw).names_a_list(manifest("vs")) is named
