"""Which objects an admission policy judges."""

from __future__ import annotations

import pytest

from flagstone.policies.admission.matching import AdmissionMatch
from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.matching import UnknownNamespaceError, UnknownResourceError
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.resources import resource_of
from tests.policies.admission.samples import RULE, definition
from tests.policies.gatekeeper.samples import deployment, in_view

NAMESPACE = Manifest(
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pay", "labels": {"team": "a"}}},
    "n.yaml",
)


def applies(manifest, known=None, **part):
    match = AdmissionMatch(({"resourceRules": [RULE], **part},))
    by_kind = match.kind_matches(manifest.group, manifest.kind)
    return by_kind and match.applies(manifest, known or ClusterView())


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
    assert applies(deployment(), in_view(pay={"team": "a"}), **wanted) is True
    assert applies(deployment(), in_view(pay={"team": "b"}), **wanted) is False
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
    assert match.applies(deployment(), ClusterView()) is True
    assert match.applies(deployment(name="api"), ClusterView()) is False
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
    assert not every.applies(Manifest(raw, "a.yaml"), ClusterView())
    assert every.applies(Manifest({**raw, "kind": "Other"}, "a.yaml"), ClusterView())


def custom(kind="Gadget", group="ex.com", namespace="pay"):
    metadata = {"name": "x"} | ({"namespace": namespace} if namespace else {})
    raw = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": metadata}
    return Manifest(raw, "g.yaml")


def of(*resources, groups=("ex.com",), **more):
    return rule(apiGroups=list(groups), resources=list(resources), **more)


@pytest.mark.parametrize("plural", ["gadgetry", "gadgetses", "people"])
def test_the_plural_of_a_custom_resource_is_that_of_its_definition(plural):
    view = ClusterView.of([definition(plural=plural)])
    assert applies(custom(), view, **of(plural)) is True
    assert applies(custom(), view, **of("*")) is True
    assert applies(custom(), view, **of("gadgets")) is False
    assert applies(custom(group="other.com"), view, **of(plural, groups=["*"])) is False
    assert (
        applies(custom(), view, **of("*"), excludeResourceRules=[of(plural)["resourceRules"][0]])
        is False
    )


@pytest.mark.parametrize("plural", ["gadgetry", "gadgetses", "people"])
def test_without_a_definition_an_odd_plural_may_be_that_of_a_custom_resource(plural):
    with pytest.raises(UnknownResourceError, match=r"^whether its rules mean Gadget of ex\.com "):
        applies(custom(), **of(plural))
    assert applies(custom(), **of("gadgets")) is True
    assert applies(custom(), **of(plural, "gadgets")) is True
    assert applies(custom(), **of(plural, operations=["DELETE"])) is False
    assert applies(custom(), **of(plural), objectSelector={"matchLabels": {"a": "b"}}) is False
    assert applies(custom("Gadget", "other.com"), **of(plural)) is False
    assert applies(custom(), **of("widgets/status")) is False
    assert applies(custom(), **of(plural), excludeResourceRules=of("*")["resourceRules"]) is False
    with pytest.raises(UnknownResourceError):
        applies(custom(), **of("*"), excludeResourceRules=of(plural)["resourceRules"])


def test_a_plural_that_another_kind_of_the_group_has_is_not_that_of_this_one():
    assert applies(custom(), ClusterView.of([definition("Oxen", "oxes")]), **of("oxes")) is False
    assert applies(custom(), ClusterView.of([custom("Widget")]), **of("widgets")) is False
    assert applies(custom(), **of("deployments", groups=["*"])) is False
    assert applies(custom(), **of("rollouts", groups=["argoproj.io", "ex.com"])) is False
    with pytest.raises(UnknownResourceError):
        applies(custom(), **of("rollouts"))


@pytest.mark.parametrize(
    ("kind", "group", "resource"),
    [
        ("Rollout", "argoproj.io", "rollouts"),
        ("EventBus", "argoproj.io", "eventbus"),
        ("PodChaos", "chaos-mesh.org", "podchaos"),
        ("Gateway", "gateway.networking.k8s.io", "gateways"),
        ("NodeMetrics", "metrics.k8s.io", "nodes"),
        ("K8sRequiredLabels", "constraints.gatekeeper.sh", "k8srequiredlabels"),
    ],
)
def test_plurals_that_are_known_without_a_definition(kind, group, resource):
    assert applies(custom(kind, group), **of(resource, groups=[group])) is True
    assert applies(custom(kind, group), **of("others", groups=[group])) is False


def test_a_kind_of_kubernetes_has_the_plural_that_it_has():
    assert applies(deployment(), **rule(resources=["deploymentry"])) is False
    policy = custom("NetworkPolicy", "networking.k8s.io")
    assert applies(policy, **of("networkpolicys", groups=["networking.k8s.io"])) is False


def test_the_scope_of_a_custom_resource_is_that_of_its_definition():
    wide, narrow = of("gadgetry", scope="Cluster"), of("gadgetry", scope="Namespaced")
    for scope, expected in (("Cluster", True), ("Namespaced", False)):
        view = ClusterView.of([definition(scope=scope)])
        assert applies(custom(namespace=""), view, **wide) is expected
        assert applies(custom(namespace=""), view, **narrow) is not expected
    unknown = of("gadgets", scope="Cluster")
    assert applies(custom(), **unknown) is False
    with pytest.raises(UnknownResourceError):
        applies(custom(namespace=""), **unknown)
    labels = {"namespaceSelector": {"matchLabels": {"team": "a"}}}
    wide_view = ClusterView.of([definition(scope="Cluster")])
    assert applies(custom(namespace=""), wide_view, **of("gadgetry"), **labels) is True
