"""Which objects a constraint applies to, in Gatekeeper's own semantics."""

from __future__ import annotations

import pytest

from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.matching import (
    Match,
    UnknownNamespaceError,
    UnknownResourceError,
    glob_matches,
)
from flagstone.policies.manifests.objects import Manifest
from tests.policies.admission.samples import definition
from tests.policies.gatekeeper.samples import in_view


def obj(kind="Deployment", api_version="apps/v1", name="web", namespace="pay", labels=None):
    metadata = {"name": name, "namespace": namespace, "labels": labels or {}}
    return Manifest({"apiVersion": api_version, "kind": kind, "metadata": metadata}, "a.yaml")


DEPLOYMENT = obj(labels={"app": "web"})
NAMESPACE = obj("Namespace", "v1", "pay", "", {"team": "money"})
CLUSTER_ROLE = obj("ClusterRole", "rbac.authorization.k8s.io/v1", "admin", "")
VIEW = in_view(**{"pay": {"team": "money"}, "kube-system": {}})


def applies(match, manifest=DEPLOYMENT):
    return Match(match).applies(manifest, VIEW)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("kube-*", "kube-system", True),
        ("kube-*", "my-kube-", False),
        ("*-system", "kube-system", True),
        ("*-system", "kube-system-2", False),
        ("*be-sy*", "kube-system", True),
        ("kube-system", "kube-system", True),
        ("kube-system", "kube-system-2", False),
        ("ku*em", "kube-system", False),
        ("*", "anything", True),
    ],
)
def test_globs(pattern, name, expected):
    assert glob_matches(pattern, name) is expected


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({}, True),
        ({"kinds": []}, True),
        ({"kinds": [{"apiGroups": ["apps"], "kinds": ["Deployment"]}]}, True),
        ({"kinds": [{"apiGroups": ["*"], "kinds": ["*"]}]}, True),
        ({"kinds": [{"kinds": ["Deployment"]}]}, True),
        ({"kinds": [{"apiGroups": ["apps"]}]}, True),
        ({"kinds": [{"apiGroups": [""], "kinds": ["Deployment"]}]}, False),
        ({"kinds": [{"apiGroups": ["apps"], "kinds": ["StatefulSet"]}]}, False),
        (
            {
                "kinds": [
                    {"apiGroups": ["batch"], "kinds": ["*"]},
                    {"apiGroups": ["*"], "kinds": ["Deployment"]},
                ]
            },
            True,
        ),
        ({"source": "Original"}, True),
        ({"source": "All"}, True),
        ({"source": "Generated"}, False),
        ({"name": "we*"}, True),
        ({"name": "api"}, False),
        ({"name": ""}, True),
        ({"labelSelector": {"matchLabels": {"app": "web"}}}, True),
        (
            {"labelSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}},
            False,
        ),
        ({"namespaces": ["p*"]}, True),
        ({"namespaces": ["other"]}, False),
        ({"namespaces": []}, True),
        ({"excludedNamespaces": ["kube-*", "pay"]}, False),
        ({"excludedNamespaces": ["kube-*"]}, True),
        ({"namespaces": ["pay"], "excludedNamespaces": ["p*"]}, False),
        ({"namespaceSelector": {"matchLabels": {"team": "money"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"team": "other"}}}, False),
        ({"scope": "Namespaced"}, True),
        ({"scope": "Cluster"}, False),
        ({"scope": "*"}, True),
    ],
)
def test_a_deployment(match, expected):
    assert applies(match) is expected


@pytest.mark.parametrize(
    ("match", "manifest", "expected"),
    [
        ({"namespaces": ["pay"]}, NAMESPACE, True),
        ({"namespaces": ["other"]}, NAMESPACE, False),
        ({"excludedNamespaces": ["pay"]}, NAMESPACE, False),
        ({"namespaceSelector": {"matchLabels": {"team": "money"}}}, NAMESPACE, True),
        ({"namespaceSelector": {"matchLabels": {"team": "x"}}}, NAMESPACE, False),
        ({"scope": "Cluster"}, NAMESPACE, True),
        ({"scope": "Namespaced"}, NAMESPACE, False),
        # What has no namespace cannot be disqualified by one.
        ({"namespaces": ["pay"]}, CLUSTER_ROLE, True),
        ({"excludedNamespaces": ["*"]}, CLUSTER_ROLE, True),
        ({"namespaceSelector": {"matchLabels": {"team": "x"}}}, CLUSTER_ROLE, True),
        ({"scope": "Cluster"}, CLUSTER_ROLE, True),
    ],
)
def test_namespaces_and_what_has_none(match, manifest, expected):
    assert applies(match, manifest) is expected


def test_labels_of_a_namespace_that_are_not_known_are_no_answer():
    by_team = {"namespaceSelector": {"matchLabels": {"team": "x"}}}
    with pytest.raises(UnknownNamespaceError, match="elsewhere"):
        applies(by_team, obj(namespace="elsewhere"))


def test_what_every_namespace_has_is_known_of_all():
    assert applies({"namespaceSelector": {}}, obj(namespace="elsewhere")) is True
    by_name = {"matchLabels": {"kubernetes.io/metadata.name": "elsewhere"}}
    assert applies({"namespaceSelector": by_name}, obj(namespace="elsewhere")) is True
    assert applies({"namespaceSelector": by_name}, obj(namespace="other")) is False


def test_what_is_excluded_anyway_needs_no_labels():
    by_team = {"matchLabels": {"team": "x"}}
    match = {"namespaceSelector": by_team, "excludedNamespaces": ["else*"]}
    assert applies(match, obj(namespace="elsewhere")) is False


@pytest.mark.parametrize(
    ("kind", "api_version", "is_wide"),
    [
        ("Deployment", "apps/v1", False),
        ("Rollout", "argoproj.io/v1alpha1", False),
        ("ClusterRole", "rbac.authorization.k8s.io/v1", True),
        ("GatewayClass", "gateway.networking.k8s.io/v1", True),
    ],
)
def test_the_scope_of_an_object_whose_file_names_no_namespace_is_that_of_its_kind(
    kind, api_version, is_wide
):
    without = obj(kind, api_version, namespace="")
    for scope, wanted in (("Cluster", is_wide), ("Namespaced", not is_wide)):
        assert applies({"scope": scope}, without) is wanted
        gator = ClusterView(as_written=True)
        assert Match({"scope": scope}).applies(without, gator) is (scope == "Cluster")


def test_the_scope_of_a_custom_resource_is_known_by_its_namespace_or_its_definition():
    match = Match({"scope": "Namespaced"})
    assert match.applies(obj("Gadget", "ex.com/v1"), VIEW) is True
    without = obj("Gadget", "ex.com/v1", namespace="")
    with pytest.raises(UnknownResourceError):
        match.applies(without, VIEW)
    assert match.applies(without, ClusterView.of([definition(scope="Cluster")])) is False
    assert match.applies(without, ClusterView.of([definition()])) is True
