"""The label that every namespace has."""

from __future__ import annotations

from flagstone.policies.manifests.namespaces import as_created, labels_as_created
from flagstone.policies.manifests.objects import Manifest

LABEL = "kubernetes.io/metadata.name"


def space(**metadata):
    return Manifest({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, "n.yaml")


def test_a_namespace_carries_its_name_as_a_label():
    made = space(name="pay", labels={"a": "b", LABEL: "other"})
    assert labels_as_created(made) == {"a": "b", LABEL: "pay"}
    assert as_created(made)["metadata"] == {"name": "pay", "labels": {"a": "b", LABEL: "pay"}}
    assert made.labels == {"a": "b", LABEL: "other"}
    assert as_created(space(name="pay", labels=None))["metadata"]["labels"] == {LABEL: "pay"}


def test_what_has_no_name_yet_or_is_no_namespace_stays_as_it_is():
    unnamed = space(generateName="pay-")
    assert as_created(unnamed) is unnamed.raw
    other = Manifest({"apiVersion": "x/v1", "kind": "Namespace", "metadata": {"name": "a"}}, "o")
    assert (as_created(other), labels_as_created(other)) == (other.raw, {})
