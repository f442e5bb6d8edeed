"""Which objects an admission policy judges."""

from __future__ import annotations

import pytest

from flagstone.policies.admission.matching import AdmissionMatch
from flagstone.policies.gatekeeper.matching import UnknownNamespaceError, UnknownResourceError
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.resources import resource_of
from tests.policies.admission.samples import RULE
from tests.policies.gatekeeper.samples import deployment

NAMESPACE = Manifest(
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pay", "labels": {"team": "a"}}},
    "n.yaml",
)


def applies(manifest, known=None, **part):
    match = AdmissionMatch(({"resourceRules": [RULE], **part},))
    by_kind = match.kind_matches(manifest.group, manifest.kind)
    return by_kind and match.applies(manifest, known or {})


def rule(**changed):
    return {"resourceRules": [{**RULE, **changed}]}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"resources": ["*"]}, True),
        ({"resources": ["*/*"]}, True),
        ({"resources": ["deployments/*"]}, True),
        ({"resources": ["deployments/scale"]}, False),
        ({"resources": ["*/scale"]}, False),
        ({"resources": ["pods", "deployments"]}, True),
        ({"resources": ["pods"]}, False),
        ({"apiGroups": ["*"]}, True),
        ({"apiGroups": [""]}, False),
        ({"operations": ["*"]}, True),
        ({"operations": ["UPDATE"]}, False),
        ({"operations": ["DELETE", "CONNECT"]}, False),
        ({"apiVersions": ["v1beta1"]}, True),  # Equivalent: it is converted
        ({"scope": "Namespaced"}, True),
        ({"scope": "Cluster"}, False),
        ({"scope": "*"}, True),
        ({"resourceNames": ["web"]}, True),
        ({"resourceNames": ["other"]}, False),
    ],
)
def test_rules(changed, expected):
    assert applies(deployment(), **rule(**changed)) is expected


def test_versions_count_where_the_match_is_exact():
    old = rule(apiVersions=["v1beta1"])
    assert applies(deployment(), matchPolicy="Exact", **old) is False
    assert applies(deployment(), matchPolicy="Exact") is True


def test_what_is_excluded():
    assert applies(deployment(), excludeResourceRules=[RULE]) is False
    named = [{**RULE, "resourceNames": ["other"]}]
    assert applies(deployment(), excludeResourceRules=named) is True


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "x"}}, False),
        ({"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]}, True),
    ],
)
def test_labels_of_the_object(selector, expected):
    assert applies(deployment(labels={"app": "web"}), objectSelector=selector) is expected


def test_labels_of_the_namespace():
    wanted = {"namespaceSelector": {"matchLabels": {"team": "a"}}}
    assert applies(deployment(), {"pay": {"team": "a"}}, **wanted) is True
    assert applies(deployment(), {"pay": {"team": "b"}}, **wanted) is False
    with pytest.raises(UnknownNamespaceError, match="pay"):
        applies(deployment(), **wanted)
    spaces = rule(apiGroups=[""], resources=["namespaces"])
    assert applies(NAMESPACE, **spaces, **wanted) is True


def test_the_name_that_every_namespace_has_as_a_label():
    key = "kubernetes.io/metadata.name"
    by_name = {"matchExpressions": [{"key": key, "operator": "NotIn", "values": ["kube-system"]}]}
    assert applies(deployment(), namespaceSelector=by_name) is True
    assert applies(deployment(namespace="kube-system"), namespaceSelector=by_name) is False


def test_a_namespace_is_an_object_of_the_cluster():
    spaces = {"apiGroups": [""], "resources": ["namespaces"]}
    assert applies(NAMESPACE, **rule(**spaces, scope="Cluster")) is True
    assert applies(NAMESPACE, **rule(**spaces, scope="Namespaced")) is False


def test_both_parts_have_to_agree():
    only_web = {"resourceRules": [{**RULE, "resourceNames": ["web"]}]}
    match = AdmissionMatch(({"resourceRules": [RULE]}, only_web))
    assert match.applies(deployment(), {}) is True
    assert match.applies(deployment(name="api"), {}) is False
    without_rules = AdmissionMatch(({"resourceRules": [RULE]}, {"objectSelector": {}}))
    assert without_rules.kind_matches("apps", "Deployment") is True


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Deployment", "deployments"),
        ("Ingress", "ingresses"),
        ("NetworkPolicy", "networkpolicies"),
        ("Endpoints", "endpoints"),
        ("Gateway", "gateways"),
        ("StorageClass", "storageclasses"),
        ("ServiceEntry", "serviceentries"),
        ("Mesh", "meshes"),
        ("Rollout", "rollouts"),
    ],
)
def test_names_of_resources(kind, expected):
    assert resource_of(kind) == expected


@pytest.mark.parametrize(
    "kind",
    [
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
    ],
)
def test_what_policies_are_made_of_is_judged_by_none(kind):
    every = AdmissionMatch((rule(apiGroups=["*"], apiVersions=["*"], resources=["*"]),))
    raw = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "a"}}
    assert not every.applies(Manifest(raw, "a.yaml"), {})
    assert every.applies(Manifest({**raw, "kind": "Other"}, "a.yaml"), {})


def gadget(group="ex.com", version="v1"):
    metadata = {"name": "x", "namespace": "pay"}
    return Manifest(
        {"apiVersion": f"{group}/{version}", "kind": "Gadget", "metadata": metadata}, "g.yaml"
    )


def test_a_plural_that_no_kind_has_by_rule_may_be_that_of_a_custom_resource():
    odd = {"apiGroups": ["ex.com"], "resources": ["gadgetry"]}
    with pytest.raises(UnknownResourceError, match=r"^whether its rules name Gadget of ex\.com "):
        applies(gadget(), **rule(**odd))
    assert applies(gadget(), **rule(**{**odd, "resources": ["gadgetry", "gadgets"]})) is True
    assert applies(gadget(), **rule(**odd, operations=["DELETE"])) is False
    assert (
        applies(gadget(), **rule(**odd), excludeResourceRules=[{**RULE, **odd, "resources": ["*"]}])
        is False
    )
    assert applies(gadget("other.com"), **rule(**odd)) is False
    assert applies(gadget("a.k8s.io"), **rule(**{**odd, "apiGroups": ["a.k8s.io"]})) is False
    assert (
        applies(gadget(), **rule(**{**odd, "resources": ["widgets", "gadgetry/status"]})) is False
    )
