"""Admission policies: bindings, actions, parameters, and what the API server refuses."""

from __future__ import annotations

import pytest

from flagstone.policies.engines.confined import confined
from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.errors import NotEvaluated
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.objects import Manifest
from tests.policies.admission.samples import (
    GROUP,
    RULE,
    binding,
    definition,
    parameters,
    policy,
    reviewed,
    said,
)
from tests.policies.gatekeeper.samples import deployment, dump, policies

BOUND = "few-everywhere"
WITH_PARAMETERS = {
    "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
    "validations": [
        {"expression": "object.spec.replicas >= int(params.data.min)", "message": "too few"}
    ],
}


def reference(**more):
    return {"paramRef": {"name": "limits", "parameterNotFoundAction": "Deny", **more}}


def test_a_policy_with_its_binding():
    review = reviewed(deployment(), policy(), binding())
    (violation,) = review.violations
    assert (violation.policy, violation.constraint) == ("few", "few-everywhere")
    assert (violation.message, violation.enforcement) == ("too few", "deny")
    assert said(deployment(replicas=2), policy(), binding()) == []


def test_without_a_binding_it_does_nothing():
    assert said(deployment(), policy()) == []


@pytest.mark.parametrize(
    ("actions", "expected"),
    [(["Deny"], "deny"), (["Warn"], "warn"), (["Audit"], "dryrun"), (["Audit", "Deny"], "deny")],
)
def test_actions(actions, expected):
    review = reviewed(deployment(), policy(), binding(validationActions=actions))
    assert [violation.enforcement for violation in review.violations] == [expected]


@pytest.mark.parametrize(
    ("changed", "reason", "constraint"),
    [
        (policy(validations=[]), "it has neither validations nor auditAnnotations", ""),
        (policy(matchConstraints={}), "spec.matchConstraints.resourceRules is missing", ""),
        (policy(failurePolicy="Maybe"), "failurePolicy is Fail or Ignore", ""),
        (policy(validations=[{"message": "x"}]), "validations[0].expression is missing or no text", ""),
        (policy(validations=[{"expression": "1=1"}]), "'=' stands where nothing like it can, at column 2 of `1=1`", ""),
        (policy(variables=[{"expression": "1"}]), "variables[0].name is missing or no text", ""),
        (policy() | {"apiVersion": f"{GROUP}/v2"}, "a ValidatingAdmissionPolicy has no version v2; use v1", ""),
        (binding(policyName="x"), "there is no ValidatingAdmissionPolicy called x", BOUND),
        (binding(validationActions=[]), "validationActions: it is missing: Deny, Warn or Audit", BOUND),
        (binding(validationActions=["No"]), "validationActions: No does not exist: Deny, Warn or Audit", BOUND),
        (binding(validationActions=["Deny", "Warn"]), "validationActions: Deny and Warn together are refused", BOUND),
    ],
)  # fmt: skip
def test_what_is_refused_is_an_error_of_every_object_that_it_matches(changed, reason, constraint):
    other = binding() if changed["kind"] == "ValidatingAdmissionPolicy" else policy()
    found = policies(changed, other)
    assert [(error.reason, error.constraint) for error in found.errors] == [(reason, constraint)]
    assert found.errors[0].line
    assert [error.reason for error in found.review(deployment()).failures] == [reason]


@pytest.mark.parametrize(
    ("written", "entry", "reason"),
    [
        (
            "variables: [{name: n, expression: '1'}]",
            "variables[0].name",
            'n as the boolean false: quote it, "n"',
        ),
        (
            "matchConditions: [{name: 1.10, expression: 'true'}]",
            "matchConditions[0].name",
            '1.10 as the number 1.1: quote it, "1.10"',
        ),
        (
            "auditAnnotations: [{key: a, valueExpression: true}]",
            "auditAnnotations[0].valueExpression",
            'true as a boolean: quote it, "true"',
        ),
    ],
)
def test_a_text_that_yaml_takes_for_something_else(written, entry, reason):
    text = dump(policy()).rstrip("\n") + f"\n  {written}\n"
    (error,) = PolicySet.from_files({"p.yaml": text.encode()}).errors
    assert error.reason == f"{entry} must be text, and YAML reads {reason}"
    assert text.splitlines()[error.line - 1].strip() == written


def test_an_expression_that_is_no_text_at_all():
    (error,) = policies(policy(validations=[{"expression": ["true"]}]), binding()).errors
    assert error.reason == (
        "validations[0].expression must be text, and is a list: write it as a block of text (`|`)"
    )


def test_the_line_of_an_expression():
    text = dump(policy(validations=[{"expression": "true &&\nobjct.spec == 1\n"}]))
    found = PolicySet.from_files({"p.yaml": text.encode()})
    (error,) = found.errors
    assert "objct" in text.splitlines()[error.line - 1]


def test_a_function_that_is_not_known_is_not_evaluated():
    made = policy(validations=[{"expression": "object.spec.frobnicate()"}])
    found = policies(made, binding())
    (error,) = found.not_evaluated
    assert error.reason == (
        "it calls frobnicate(), which is not known here, at column 13 of `object.spec.frobnicate()`"
    )
    assert isinstance(found.review(deployment()).failures[0], NotEvaluated)


def test_parameters_by_name():
    documents = [policy(**WITH_PARAMETERS), binding(**reference()), parameters(2)]
    assert said(deployment(), *documents) == ["too few"]
    assert said(deployment(replicas=2), *documents) == []


def test_parameters_by_selector_are_all_judged():
    chosen = {"selector": {"matchLabels": {"team": "a"}}, "parameterNotFoundAction": "Deny"}
    documents = [
        policy(**WITH_PARAMETERS),
        binding(paramRef=chosen),
        parameters(2, "one", team="a"),
        parameters(5, "two", team="a"),
        parameters(9, "three", team="b"),
    ]
    assert said(deployment(replicas=3), *documents) == ["too few"]
    assert said(deployment(replicas=6), *documents) == []


def test_parameters_of_the_namespace_of_the_object():
    documents = [policy(**WITH_PARAMETERS), binding(**reference()), parameters(2, namespace="pay")]
    assert said(deployment(), *documents) == ["too few"]
    (missing,) = said(deployment(namespace="shop"), *documents)
    assert missing == (
        "no params found for policy binding with `Deny` parameterNotFoundAction: "
        "the ConfigMap limits is not among the files in the namespace of the object"
    )
    fixed = binding(**reference(namespace="pay"))
    assert said(deployment(namespace="shop"), documents[0], fixed, documents[2]) == ["too few"]


def test_parameters_that_are_not_here_are_denied_where_the_binding_says_so():
    bound = binding(**reference(), validationActions=["Audit"])
    found = policies(policy(**WITH_PARAMETERS), bound)
    (violation,) = found.review(deployment()).violations
    message = (
        "no params found for policy binding with `Deny` parameterNotFoundAction: "
        "the ConfigMap limits is not among the files"
    )
    assert (violation.message, violation.enforcement) == (message, "deny")
    assert (violation.policy, violation.constraint) == ("few", BOUND)
    assert [refusing.message for refusing in found.refusing] == [message]


@pytest.mark.parametrize(
    ("action", "failure", "why"),
    [
        ("Allow", "Fail", "parameterNotFoundAction: Allow"),
        ("Deny", "Ignore", "failurePolicy: Ignore"),
    ],
)
def test_parameters_that_are_not_here_let_pass_and_it_is_told(action, failure, why):
    made = policy(**WITH_PARAMETERS, failurePolicy=failure)
    found = policies(made, binding(**reference(parameterNotFoundAction=action)))
    review = found.review(deployment())
    assert (review.violations, review.failures, found.refusing) == ((), (), ())
    (told,) = found.not_evaluated
    assert told.reason == (
        "the ConfigMap limits is not among the files: "
        f"objects that should be held against it pass ({why})"
    )
    assert told.line


def test_parameters_of_another_namespace_let_pass():
    documents = [
        policy(**WITH_PARAMETERS),
        binding(**reference(parameterNotFoundAction="Allow")),
        parameters(2, namespace="pay"),
    ]
    assert said(deployment(), *documents) == ["too few"]
    assert said(deployment(namespace="shop"), *documents) == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, "the policy few takes parameters; spec.paramRef is missing"),
        ({"paramRef": {"parameterNotFoundAction": "Deny"}}, "paramRef takes either a name or a selector"),
        ({"paramRef": {"name": "x"}}, "paramRef.parameterNotFoundAction is missing: Allow or Deny"),
    ],
)  # fmt: skip
def test_references_that_are_refused(changed, reason):
    assert said(deployment(), policy(**WITH_PARAMETERS), binding(**changed)) == [f"! {reason}"]


def test_failure_policy():
    broken = [{"expression": "object.spec.none == 1"}]
    assert said(deployment(), policy(validations=broken), binding()) == [
        "expression 'object.spec.none == 1' resulted in error: no such key: none"
    ]
    ignored = policy(validations=broken, failurePolicy="Ignore")
    assert said(deployment(), ignored, binding()) == []


def test_the_child_evaluates_them_too():
    files = {"p.yaml": "---\n".join(map(dump, (policy(), binding()))).encode()}
    review = PolicySet.from_files(files, confined()).review(deployment())
    assert [violation.message for violation in review.violations] == ["too few"]


def annotated(expression, **spec):
    return policy(
        validations=[{"expression": "true"}],
        auditAnnotations=[{"key": "a", "valueExpression": expression}],
        **spec,
    )


def test_an_audit_annotation_without_a_value_refuses_whatever_the_binding_says():
    found = reviewed(
        deployment(),
        annotated("string(object.spec.nope)"),
        binding(validationActions=["Audit"]),
    )
    assert [(v.message, v.enforcement) for v in found.violations] == [
        ("valueExpression 'string(object.spec.nope)' resulted in error: no such key: nope", "deny")
    ]
    assert found.failures == ()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("object.metadata.name", []),
        ("null", []),
        ("object.spec.replicas > 9 ? 'many' : null", []),
        (
            "object.spec.replicas",
            ["valueExpression 'object.spec.replicas' yields int, where string or null is wanted"],
        ),
        (
            "request.userInfo.username",
            ["! it asks who sends the request (request.userInfo), which exists only in the cluster"],
        ),
    ],
)  # fmt: skip
def test_values_of_audit_annotations(expression, expected):
    assert said(deployment(), annotated(expression), binding()) == expected


def test_a_failing_audit_annotation_is_ignored_where_failures_are():
    ignoring = annotated("string(object.spec.nope)", failurePolicy="Ignore")
    assert said(deployment(), ignoring, binding()) == []


def test_audit_annotations_are_not_made_where_a_match_condition_does_not_hold():
    conditions = [{"name": "c", "expression": "false"}]
    made = annotated("string(object.spec.nope)", matchConditions=conditions)
    assert said(deployment(), made, binding()) == []


@pytest.mark.parametrize(
    ("field", "wanted", "expression", "found"),
    [
        ("valueExpression", "string or null", "1", "int"),
        ("valueExpression", "string or null", "has(object.spec)", "bool"),
        ("valueExpression", "string or null", "true ? [1] : [2]", "list"),
        ("messageExpression", "string", "{'a': 1}", "map"),
        ("expression", "bool", "'a' + 'b'", "string"),
        ("expression", "bool", "[1].filter(x, x > 1)", "list"),
    ],
)
def test_an_expression_of_the_wrong_type_is_a_broken_policy(field, wanted, expression, found):
    if field == "valueExpression":
        made = annotated(expression)
    else:
        made = policy(validations=[{"expression": "true", field: expression}])
    broken = policies(made, binding())
    reason = f"{field} must yield {wanted}, and `{expression}` is of the type {found}"
    assert [error.reason for error in broken.errors] == [reason]
    assert [error.reason for error in broken.review(deployment()).failures] == [reason]


def test_a_match_condition_is_true_or_false():
    made = policy(matchConditions=[{"name": "c", "expression": "1"}])
    (error,) = policies(made, binding()).errors
    assert error.reason == "expression must yield bool, and `1` is of the type int"


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (
            {"key": "a", "valueExpression": "object. ("},
            "( stands where it cannot; the name of a field is expected, at column 9 of `object. (`",
        ),
        ({"key": "a"}, "auditAnnotations[0].valueExpression is missing or no text"),
        ({"valueExpression": "'a'"}, "auditAnnotations[0].key is missing or no text"),
    ],
)
def test_an_audit_annotation_that_the_api_server_refuses(annotation, reason):
    broken = policies(policy(auditAnnotations=[annotation]), binding())
    assert [error.reason for error in broken.errors] == [reason]
    assert [error.reason for error in broken.review(deployment()).failures] == [reason]


def test_a_custom_resource_whose_plural_is_not_known_is_not_evaluated():
    rule = {"apiGroups": ["ex.com"], "apiVersions": ["v1"], "operations": ["*"]}
    made = policy(matchConstraints={"resourceRules": [{**rule, "resources": ["gadgetry"]}]})
    raw = {"apiVersion": "ex.com/v1", "kind": "Gadget", "metadata": {"name": "x"}}
    (failure,) = reviewed(Manifest(raw, "g.yaml"), made, binding()).failures
    assert isinstance(failure, NotEvaluated)
    assert (failure.policy, failure.constraint) == ("few", "few-everywhere")
    assert failure.reason == (
        "whether its rules mean Gadget of ex.com depends on the plural and the scope that the kind's "
        "CustomResourceDefinition gives it, which is not among the files"
    )
    (violation,) = reviewed(Manifest(raw, "g.yaml"), made, binding(), definition().raw).violations
    assert (
        violation.message
        == "expression 'object.spec.replicas >= 2' resulted in error: no such key: spec"
    )


@pytest.mark.parametrize(
    ("namespace", "which"),
    [("pay", "namespace pay"), ("", "namespace that the object is applied to")],
)
def test_labels_of_a_namespace_that_are_not_known_are_asked_by_the_policy(namespace, which):
    selector = {"namespaceSelector": {"matchLabels": {"team": "a"}}}
    bound = binding(matchResources=selector)
    (failure,) = reviewed(deployment(namespace=namespace), policy(), bound).failures
    assert str(failure).startswith("p.yaml:")
    assert str(failure).endswith(
        f": few / few-everywhere: it selects by labels of the {which}, which are not known"
    )


def test_the_annotations_of_a_namespace_in_view():
    text = "'owner' in namespaceObject.metadata.annotations"
    made = policy(validations=[{"expression": text, "message": "nobody owns the namespace"}])
    metadata = {"name": "pay", "annotations": {"owner": "money"}}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    view = ClusterView.of([Manifest(namespace, "n.yaml")])
    assert said(deployment(), made, binding(), view=view) == []
    other = ClusterView.of(
        [Manifest({**namespace, "metadata": {"name": "pay", "annotations": {}}}, "n.yaml")]
    )
    assert said(deployment(), made, binding(), view=other) == ["nobody owns the namespace"]
    (unknown,) = said(deployment(), made, binding())
    assert unknown.startswith("! it asks the labels or annotations of the object's namespace")
    (unknown,) = said(deployment(namespace=""), made, binding(), view=view)
    assert unknown.startswith("! it asks the namespace that the object is applied to")


WRONG = {"matchExpressions": [{"key": "a", "operator": "In"}]}


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        (
            [policy(matchConstraints={"resourceRules": [RULE], "objectSelector": WRONG}), binding()],
            "spec.matchConstraints.objectSelector: In needs values, and there are none for a",
        ),
        (
            [policy(), binding(matchResources={"namespaceSelector": WRONG})],
            "spec.matchResources.namespaceSelector: In needs values, and there are none for a",
        ),
        (
            [policy(**WITH_PARAMETERS), binding(paramRef={"selector": WRONG, "parameterNotFoundAction": "Deny"})],
            "paramRef.selector: In needs values, and there are none for a",
        ),
    ],
)  # fmt: skip
def test_a_selector_that_is_refused_is_no_pass(documents, reason):
    assert said(deployment(), *documents) == [f"! {reason}"]


def test_params_exist_where_the_policy_takes_some():
    made = policy(validations=[{"expression": "params == null"}])
    (said_of_it,) = said(deployment(), made, binding())
    assert said_of_it.startswith("! there is nothing called params")
