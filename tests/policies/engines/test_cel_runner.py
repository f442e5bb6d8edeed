"""CEL policies: Gatekeeper's and Kubernetes' own variables, messages, conditions and failures."""

from __future__ import annotations

import json

import pytest

from flagstone.policies.engines.cel_runner import CelRunner
from flagstone.policies.engines.sources import CelSource, SourceFault, as_dict, source_of

REVIEW = {
    "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
    "name": "web",
    "namespace": "pay",
    "operation": "CREATE",
    "userInfo": {},
    "object": {"metadata": {"name": "web"}, "spec": {"replicas": 1}},
    "oldObject": None,
}


def source(*validations, variables=(), conditions=(), fails=True, in_gatekeeper=False):
    texts = tuple((*each, "", "")[:3] for each in validations)
    return CelSource(texts, variables, conditions, fails, in_gatekeeper, ())


def messages(made, parameters=None, *, is_cluster_wide=False, **review):
    given = {"review": {**REVIEW, **review}, "parameters": parameters}
    text = json.dumps(given | {"is_cluster_wide": is_cluster_wide})
    return [found["msg"] for found in json.loads(CelRunner(made).run(text))]


def test_a_message_an_expression_of_one_and_none():
    made = source(
        ("object.spec.replicas > 1", "too few"),
        ("object.spec.replicas > 1", "too few", "'only ' + string(object.spec.replicas)"),
        ("object.spec.replicas > 1", "too few", "object.spec.none"),
        ("object.spec.replicas > 1", "too few", "'two\\nlines'"),
        (" object.spec.replicas > 1 ",),
        ("object.spec.replicas == 1", "never"),
    )
    assert messages(made) == [
        "too few",
        "only 1",
        "too few",
        "too few",
        "failed expression: object.spec.replicas > 1",
    ]


def test_parameters_of_kubernetes_and_of_gatekeeper():
    plain = source(("object.spec.replicas >= params.data.min", "few"))
    assert messages(plain, {"data": {"min": 2}}) == ["few"]
    gatekeeper = source(
        ("variables.anyObject.spec.replicas >= variables.params.min", "few"),
        ("params.spec.parameters.min == 2", "whole"),
        in_gatekeeper=True,
    )
    assert messages(gatekeeper, {"min": 2}) == ["few"]
    assert messages(source(("variables.params == null", "x"), in_gatekeeper=True)) == []


def test_what_gatekeepers_library_writes_holds_without_parameters():
    exempt = "!has(variables.params.exemptImages) ? [] : variables.params.exemptImages"
    made = source(
        ("variables.exempt.size() == 0", "x"), variables=(("exempt", exempt),), in_gatekeeper=True
    )
    assert messages(made) == []


def test_an_object_that_is_deleted_is_any_object():
    made = source(("variables.anyObject.metadata.name == 'old'", "x"), in_gatekeeper=True)
    gone = {"metadata": {"name": "old"}}
    assert messages(made, operation="DELETE", object=None, oldObject=gone) == []


def test_variables_are_made_when_they_are_asked_for():
    made = source(
        ("!has(object.spec.tier) || variables.tier == 'gold'", "x"),
        ("variables.twice == 2", "not twice"),
        variables=(
            ("tier", "object.spec.tier"),
            ("once", "object.spec.replicas"),
            ("twice", "variables.once * 2"),
        ),
    )
    assert messages(made) == []


def test_a_variable_knows_only_those_before_it():
    with pytest.raises(SourceFault) as caught:
        CelRunner(source(("true",), variables=(("a", "variables.b"), ("b", "1"))))
    assert caught.value.reason == "there is no variable called b, at column 11 of `variables.b`"
    assert caught.value.keys == ("variables", 0, "expression")


@pytest.mark.parametrize(
    ("condition", "fails", "expected"),
    [
        ("object.spec.replicas == 1", True, ["no"]),
        ("object.spec.replicas == 2", True, []),
        ("object.spec.none == 2", True, ["the match condition 'object.spec.none == 2' failed: no such key: none"]),
        ("object.spec.none == 2", False, []),
    ],
)  # fmt: skip
def test_match_conditions(condition, fails, expected):
    assert (
        messages(source(("false", "no"), conditions=(("c", condition),), fails=fails)) == expected
    )


def test_one_condition_that_is_false_is_enough_whatever_the_others_do():
    conditions = (("broken", "object.spec.none"), ("off", "false"))
    assert messages(source(("false", "no"), conditions=conditions)) == []


def test_an_expression_without_a_value_fails_or_is_ignored():
    text = "object.spec.none > 1"
    assert messages(source((text, "x"))) == [
        "expression 'object.spec.none > 1' resulted in error: no such key: none"
    ]
    assert messages(source((text, "x"), fails=False)) == []


def test_the_request_and_the_namespace():
    made = source(
        ("request.operation == 'CREATE' && request.kind.kind == 'Deployment'", "operation"),
        ("request.namespace == 'pay' && !request.dryRun", "namespace"),
        ("namespaceObject.metadata.labels.team == 'money'", "team"),
    )
    namespace = {"metadata": {"name": "pay", "labels": {"team": "money"}}}
    assert messages(made, namespaceObject=namespace) == []
    null = source(("namespaceObject == null", "x"))
    assert messages(null, namespace="", is_cluster_wide=True) == []
    with pytest.raises(SourceFault, match=r"it asks the namespace that the object is applied to "):
        messages(null, namespace="")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "request.userInfo.username == 'admin'",
            "it asks who sends the request (request.userInfo), which exists only in the cluster",
        ),
        (
            "has(request.userInfo.groups)",
            "it asks who sends the request (request.userInfo), which exists only in the cluster",
        ),
        (
            "authorizer.group('apps').resource('deployments').check('delete').allowed()",
            "it asks who may do what (authorizer), which exists only in the cluster",
        ),
        (
            "authorizer.requestResource.check('delete').allowed()",
            "it asks who may do what (authorizer), which exists only in the cluster",
        ),
        (
            "namespaceObject.metadata.labels.a == 'b'",
            (
                "it asks the labels or annotations of the object's namespace (namespaceObject), "
                "which exists only in the cluster"
            ),
        ),
    ],
)
def test_what_only_the_cluster_knows_is_never_a_pass(text, reason):
    with pytest.raises(SourceFault) as caught:
        messages(source((text, "x")))
    assert (caught.value.reason, caught.value.only_here) == (reason, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("namespaceObject.metadata.annotations['owner'] == 'pay'", []),
        ("has(namespaceObject.metadata.annotations.owner)", []),
        ("has(namespaceObject.metadata.annotations.other)", ["x"]),
        ("has(namespaceObject.metadata.labels)", ["x"]),
        ("namespaceObject.status.phase == 'Active'", []),
    ],
)
def test_what_a_namespace_in_view_says(text, expected):
    namespace = {
        "metadata": {"name": "pay", "annotations": {"owner": "pay"}},
        "status": {"phase": "Active"},
    }
    assert messages(source((text, "x")), namespaceObject=namespace) == expected
    with pytest.raises(SourceFault, match="what the API server gives each namespace"):
        messages(source(("namespaceObject.metadata.uid != ''", "x")), namespaceObject=namespace)


def test_what_the_cluster_alone_knows_may_not_matter():
    assert messages(source(("request.userInfo.username == 'a' || true", "x"))) == []


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("object.spec ==", "the end stands where it cannot, at column 15 of `object.spec ==`", 1),
        ("true &&\nobjct == 1", "there is nothing called objct, at column 1 of `objct == 1`", 2),
    ],
)
def test_what_the_cluster_would_refuse(text, reason, line):
    with pytest.raises(SourceFault) as caught:
        CelRunner(source(("true",), (text, "x")))
    fault = caught.value
    assert (fault.reason, fault.line, fault.only_here) == (reason, line, False)
    assert fault.keys == ("validations", 1, "expression")


def test_it_travels_as_json():
    made = source(("false", "no"), variables=(("a", "1"),), conditions=(("c", "true"),))
    again = source_of(json.loads(json.dumps(as_dict(made))))
    assert messages(again) == ["no"]


@pytest.mark.parametrize(
    "expression",
    [
        "request.resource.group == 'apps' && request.resource.resource == 'deployments'",
        "request.resource.version == 'v1'",
        "request.requestKind.kind == 'Deployment'",
        "request.requestResource.resource == 'deployments'",
        "request.name == 'web' && request.namespace == 'pay' && request.dryRun == false",
        "!has(request.subResource)",
        "namespaceObject.metadata.name == 'pay'",
    ],
)
def test_what_every_request_says_is_known(expression):
    assert messages(source((expression, "x"))) == []


def test_a_namespace_that_is_left_to_whoever_applies_it_is_not_known():
    review = {key: value for key, value in REVIEW.items() if key != "namespace"}
    text = json.dumps({"review": review, "parameters": None})
    with pytest.raises(SourceFault) as caught:
        CelRunner(source(("request.namespace == 'default'", "x"))).run(text)
    assert caught.value.only_here
    assert "the namespace that it is applied to" in caught.value.reason


def test_an_object_of_the_cluster_is_requested_without_a_namespace():
    review = {**REVIEW, "kind": {"group": "", "version": "v1", "kind": "Node"}}
    del review["namespace"]
    text = json.dumps({"review": review, "parameters": None, "is_cluster_wide": True})
    assert CelRunner(source(("!has(request.namespace)", "x"))).run(text) == "[]"
