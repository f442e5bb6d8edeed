"""What an entry of ignoreDifferences covers."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.argocd.ignored_differences import (
    IgnoredDifference,
    covers_subset_labels,
    covers_weights,
)
from tests.scorecards.engine.samples import objects

ROUTE = {"group": "networking.istio.io", "kind": "VirtualService"}
RULE = {"group": "networking.istio.io", "kind": "DestinationRule"}
WEIGHTS = ["/spec/http/0/route/0/weight", "/spec/http/0/route/1/weight"]


def entry(raw: dict[str, Any]) -> IgnoredDifference:
    return IgnoredDifference((), raw)


def manifest(name: str) -> Manifest:
    return Manifest(objects(name)[name], "x.yaml")


@pytest.mark.parametrize(
    ("raw", "covered"),
    [
        (ROUTE | {"jqPathExpressions": [".spec.http[].route[].weight"]}, True),
        (ROUTE | {"jqPathExpressions": [".spec.http[]?.route[]?.weight"]}, True),
        (ROUTE | {"jqPathExpressions": [".spec.http"]}, True),
        (ROUTE | {"jqPathExpressions": [".spec.hosts"]}, False),
        (ROUTE | {"jsonPointers": WEIGHTS}, True),
        (ROUTE | {"jsonPointers": ["/spec/http"]}, True),
        (ROUTE | {"jsonPointers": WEIGHTS[:1]}, False),
        (ROUTE | {"jsonPointers": ["/spec/ht"]}, False),
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
    assert covers_weights(entry(raw), manifest("vs")) is covered


@pytest.mark.parametrize(
    ("raw", "covered"),
    [
        (
            RULE | {"jqPathExpressions": ['.spec.subsets[].labels["rollouts-pod-template-hash"]']},
            True,
        ),
        (RULE | {"jqPathExpressions": [".spec.subsets"]}, True),
        (RULE | {"jqPathExpressions": [".spec.host"]}, False),
        (RULE | {"jsonPointers": ["/spec/subsets/0/labels", "/spec/subsets/1/labels"]}, True),
        (RULE | {"jsonPointers": ["/spec/subsets/0/labels"]}, False),
        (RULE | {"managedFieldsManagers": ["rollouts-controller"]}, True),
        (ROUTE | {"jsonPointers": ["/spec"]}, False),
    ],
)
def test_subset_labels(raw: dict[str, Any], *, covered: bool) -> None:
    assert covers_subset_labels(entry(raw), manifest("dr")) is covered


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
