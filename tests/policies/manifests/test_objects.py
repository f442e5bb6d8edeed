"""A manifest answers plainly, whatever shape its fields have."""

from __future__ import annotations

import pickle

import pytest

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence


def manifest(raw, path="a.yaml", document=0):
    return Manifest(raw, path, document)


ROLLOUT = manifest(
    {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {
            "name": "checkout",
            "namespace": "payments",
            "labels": {"team": "pay", "replicas": 2, "on": True, "odd": {}},
        },
        "spec": {"strategy": {"canary": {"steps": [{"setWeight": 10}]}}},
    }
)


def test_names():
    assert ROLLOUT.group == "argoproj.io"
    assert ROLLOUT.version == "v1alpha1"
    assert ROLLOUT.ref == "Rollout/payments/checkout"
    assert ROLLOUT.identity == ("argoproj.io", "Rollout", "payments", "checkout")


def test_core_objects_have_no_group_and_may_have_no_namespace():
    service = manifest({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}})
    assert (service.group, service.version, service.namespace) == ("", "v1", "")
    assert service.ref == "Service/a"


def test_labels_are_text():
    assert ROLLOUT.labels == {"team": "pay", "replicas": "2", "on": "true"}
    assert ROLLOUT.annotations == {}


def test_values_by_path():
    assert ROLLOUT.at("spec", "strategy", "canary", "steps", 0, "setWeight") == 10
    assert ROLLOUT.at("spec", "strategy", "blueGreen", "x") is None
    assert ROLLOUT.at("spec", "strategy", "canary", "steps", 1) is None
    assert ROLLOUT.at("metadata", "name", "deeper") is None


def test_a_generated_name_is_shared_by_no_other_object():
    raw = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "migrate-"}}
    first, second = manifest(raw), manifest(raw, document=1)
    assert first.name == "migrate-*"
    assert first.ref == "Job/migrate-*"
    assert first.identity != second.identity


@pytest.mark.parametrize("junk", [None, "text", 3, [], ["a"], True])
def test_junk_in_place_of_mappings(junk):
    odd = manifest({"apiVersion": junk, "kind": junk, "metadata": junk, "spec": junk})
    assert odd.spec == {}
    assert odd.labels == {}
    assert odd.name == ""
    assert odd.line("spec") is None


def test_dig_mapping_and_sequence():
    assert dig({"a": [{"b": 1}]}, "a", -1, "b") == 1
    assert dig([1], "a") is None
    assert mapping([1]) == {}
    assert sequence({"a": 1}) == []


def test_a_manifest_of_another_process_is_the_same_object():
    sent = Manifest(ROLLOUT.raw, "a.yaml", 3, origin="base", unrendered_reason="no kustomize")
    came = pickle.loads(pickle.dumps(sent))
    assert (came.raw, came.path, came.document) == (ROLLOUT.raw, "a.yaml", 3)
    assert (came.origin, came.unrendered_reason, came.place) == ("base", "no kustomize", None)
    assert (came.group, came.kind, came.ref) == (
        "argoproj.io",
        "Rollout",
        "Rollout/payments/checkout",
    )
    assert came.labels == {"team": "pay", "replicas": "2", "on": "true"}
