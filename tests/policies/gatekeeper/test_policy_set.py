"""A set of policies: every object gets violations, or the reason why a policy could not say anything."""

from __future__ import annotations

import pytest

from flagstone.core.errors import NotFound, UserError
from flagstone.policies.gatekeeper.errors import NotEvaluated, PolicyError
from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.objects import Manifest
from tests.corpora import design_example
from tests.policies.gatekeeper.samples import (
    V0,
    V1,
    code,
    constraint,
    deployment,
    dump,
    in_view,
    policies,
    template,
)

GOOD = template(code(V1, version="v1"))
DEPLOYMENTS = {"kinds": [{"apiGroups": ["apps"], "kinds": ["Deployment"]}]}


def test_a_violation_tells_who_and_what():
    found = policies(template({"rego": V0}), constraint(enforcementAction="warn"))
    web = deployment()
    (violation,) = found.evaluate(web)
    assert violation.policy == "demo"
    assert violation.constraint == "demo"
    assert violation.enforcement == "warn"
    assert violation.message == "1 replicas"
    assert violation.details == {"min": 2}
    assert violation.manifest is web
    assert found.errors == ()
    assert found.not_evaluated == ()


def test_the_order_of_the_documents_does_not_matter():
    assert len(policies(constraint(), GOOD).evaluate(deployment())) == 1


def test_several_constraints_of_one_template():
    strict = {**constraint(parameters={"min": 9}), "metadata": {"name": "strict"}}
    found = policies(GOOD, constraint(), strict)
    assert [v.constraint for v in found.evaluate(deployment(5))] == ["strict"]
    assert [v.constraint for v in found.evaluate(deployment(1))] == ["demo", "strict"]


def test_what_does_not_match_is_not_asked():
    found = policies(GOOD, constraint(match={**DEPLOYMENTS, "excludedNamespaces": ["p*"]}))
    assert found.evaluate(deployment()) == []
    assert len(found.evaluate(deployment(namespace="other"))) == 1


def test_a_policy_that_breaks_on_an_object_does_not_hide_the_others():
    rego = 'package broken\nviolation contains {"msg": "x"} if count(input.review.object.spec.replicas) > 0\n'
    broken = template(code(rego, version="v1"), kind="Broken")
    found = policies(GOOD, constraint(), broken, constraint("Broken"))
    assert found.errors == ()
    review = found.review(deployment())
    assert [v.message for v in review.violations] == ["1 replicas"]
    (failure,) = review.failures
    assert failure.reason == "`count` requires array/object/set/string argument. Got `1`."
    assert failure.policy == "broken"
    with pytest.raises(PolicyError, match="`count` requires"):
        found.evaluate(deployment())


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        ([constraint(match=DEPLOYMENTS)], "there is no ConstraintTemplate for the kind Demo"),
        (
            [template(code("package demo\n)", version="v1")), constraint(match=DEPLOYMENTS)],
            "unexpected",
        ),
        (
            [GOOD, {**constraint(match=DEPLOYMENTS), "apiVersion": "constraints.gatekeeper.sh/v1"}],
            "constraints have no v1",
        ),
        ([GOOD, GOOD, constraint(match=DEPLOYMENTS)], "another template defines Demo too"),
    ],
    ids=["dangling", "syntax", "version", "twice"],
)
def test_what_cannot_be_loaded_is_an_error_of_the_set_and_of_every_object_it_matches(
    documents, reason
):
    found = policies(*documents)
    assert any(reason in error.reason or reason == "unexpected" for error in found.errors)
    assert found.policies == ()
    (failure,) = found.review(deployment()).failures
    assert failure in found.errors
    assert isinstance(failure, UserError)
    assert failure.code == "policy.broken"
    service = Manifest({**deployment().raw, "kind": "Service"}, "web.yaml")
    assert found.review(service).failures == ()


def test_cel_beside_rego_is_what_is_evaluated():
    cel = {
        "validations": [
            {
                "expression": "variables.anyObject.spec.replicas >= variables.params.min",
                "messageExpression": "'only ' + string(object.spec.replicas)",
            }
        ]
    }
    target = {"code": [{"engine": "K8sNativeValidation", "source": cel}], "rego": V1}
    found = policies(template(target), constraint())
    assert [violation.message for violation in found.evaluate(deployment())] == ["only 1"]
    assert found.evaluate(deployment(replicas=2)) == []


def test_cel_that_cannot_be_evaluated_is_never_taken_for_a_pass():
    cel = {"validations": [{"expression": "object.spec.frobnicate()"}]}
    target = {"code": [{"engine": "K8sNativeValidation", "source": cel}]}
    found = policies(template(target), constraint())
    assert found.errors == ()
    assert [error.reason for error in found.not_evaluated] == [
        "it calls frobnicate(), which is not known here, at column 13 of `object.spec.frobnicate()`"
    ]
    (failure,) = found.review(deployment()).failures
    assert isinstance(failure, NotEvaluated)


@pytest.mark.parametrize("written", ["data.inventory", 'data["inventory"]', "data[`inventory`]"])
def test_a_policy_that_looks_at_other_objects_needs_them(written):
    rego = (
        f'package demo\nviolation contains {{"msg": "lonely"}} if count({written}.namespace) == 0\n'
    )
    found = policies(template(code(rego, version="v1")), constraint())
    (failure,) = found.review(deployment()).failures
    assert isinstance(failure, NotEvaluated)
    assert failure.reason == "it looks at other objects (data.inventory), and none were given"
    assert [v.message for v in found.evaluate(deployment(), inventory=Inventory([]))] == ["lonely"]
    assert found.evaluate(deployment(), inventory=Inventory([deployment()])) == []


def test_labels_of_a_namespace_that_are_not_known():
    found = policies(GOOD, constraint(match={"namespaceSelector": {"matchLabels": {"a": "b"}}}))
    (failure,) = found.review(deployment()).failures
    assert isinstance(failure, NotEvaluated)
    assert failure.reason == "it selects by labels of the namespace pay, which are not known"
    assert failure.path == "p.yaml"
    assert found.evaluate(deployment(), view=in_view(pay={})) == []
    assert len(found.evaluate(deployment(), view=in_view(pay={"a": "b"}))) == 1


def test_a_violation_without_a_message_is_an_error():
    found = policies(
        template(code('package demo\nviolation contains {"text": 1} if true\n', version="v1")),
        constraint(),
    )
    (failure,) = found.review(deployment()).failures
    assert failure.reason == 'its violation has no msg: {"text": 1}'


def test_parameters_default_to_an_empty_object():
    rego = 'package demo\nviolation contains {"msg": "none"} if input.parameters == {}\n'
    bare = constraint()
    del bare["spec"]["parameters"]
    assert len(policies(template(code(rego, version="v1")), bare).evaluate(deployment())) == 1


def test_cel_sees_null_where_a_constraint_has_no_parameters():
    cel = {"validations": [{"expression": "variables.params == null", "message": "given"}]}
    bare = constraint()
    del bare["spec"]["parameters"]
    target = {"code": [{"engine": "K8sNativeValidation", "source": cel}]}
    found = [
        [violation.message for violation in policies(template(target), each).evaluate(deployment())]
        for each in (bare, constraint(parameters={}))
    ]
    assert found == [[], ["given"]]


def test_a_file_that_cannot_be_read_is_an_error_of_the_set():
    found = PolicySet.from_files({"a.yaml": b"apiVersion: [", "b.yaml": b"\xff\xfe\xff"})
    assert [(error.path, error.line) for error in found.errors] == [("a.yaml", 1), ("b.yaml", None)]
    assert str(found.errors[1]) == "b.yaml: not text in UTF-8 or UTF-16"


def test_an_error_names_file_line_policy_and_reason():
    found = policies(GOOD, {**constraint(), "apiVersion": "constraints.gatekeeper.sh/v1"})
    line = dump(GOOD).count("\n") + 2
    assert str(found.errors[0]) == (
        f"p.yaml:{line}: demo / demo: constraints have no v1; use constraints.gatekeeper.sh/v1beta1"
    )
    assert found.errors[0].params["line"] == line


def test_a_folder(tmp_path):
    (tmp_path / "README.md").write_text("# policies")
    assert PolicySet.load(tmp_path).policies == ()
    with pytest.raises(NotFound):
        PolicySet.load(tmp_path / "missing")


def test_the_design_examples_load():
    found = PolicySet.load(design_example("policy"))
    assert found.errors == ()
    assert sorted(policy.name for policy in found.policies) == [
        "pavedcanarystrategy",
        "pavedcircuitbreaker",
        "pavedfiniteretries",
        "pavedrequiredprobes",
        "pavedrequiredresources",
    ]


def test_a_rule_that_is_no_set_is_broken():
    found = policies(template({"rego": "package demo\nviolation = 5 { true }\n"}), constraint())
    (failure,) = found.review(deployment()).failures
    assert failure.reason == "its rule violation is no set but 5"


@pytest.mark.parametrize(("generates", "enforcement"), [(True, "deny"), (False, "dryrun")])
def test_an_action_of_the_api_server_counts_where_it_is_given_a_policy(generates, enforcement):
    source = {"validations": [{"expression": "false", "message": "no"}], "generateVAP": generates}
    made = template({"code": [{"engine": "K8sNativeValidation", "source": source}]})
    entry = {"action": "deny", "enforcementPoints": [{"name": "vap.k8s.io"}]}
    scoped = {"enforcementAction": "scoped", "scopedEnforcementActions": [entry]}
    (violation,) = policies(made, constraint(**scoped)).evaluate(deployment())
    assert (violation.message, violation.enforcement) == ("no", enforcement)


def test_an_action_of_the_api_server_is_none_for_rego():
    entry = {"action": "deny", "enforcementPoints": [{"name": "vap.k8s.io"}]}
    scoped = {"enforcementAction": "scoped", "scopedEnforcementActions": [entry]}
    (violation,) = policies(GOOD, constraint(**scoped)).evaluate(deployment())
    assert violation.enforcement == "dryrun"


def test_a_name_that_gatekeeper_keeps_for_itself_is_refused():
    source = {
        "validations": [{"expression": "true"}],
        "variables": [{"name": "gatekeeper_internal_x", "expression": "1"}],
    }
    made = template({"code": [{"engine": "K8sNativeValidation", "source": source}]})
    (error,) = policies(made, constraint()).errors
    assert error.reason == (
        "the variable gatekeeper_internal_x has a name that Gatekeeper keeps for itself: "
        "one that begins with gatekeeper_internal_"
    )


@pytest.mark.parametrize("reference", ["data.foo.bar", 'data["foo"].bar'])
def test_data_of_others_is_refused(reference):
    rego = f'package demo\nviolation contains {{"msg": "m"}} if {reference}\n'
    (error,) = policies(template(code(rego, version="v1")), constraint()).errors
    assert error.reason == (
        "it reads data.foo: Gatekeeper lets a template read data.inventory and data.lib only"
    )


@pytest.mark.parametrize(
    "body", ["some k; data[k].x", "data[input.parameters.min]", "d := data; d.x"]
)
def test_data_as_a_whole_is_refused(body):
    rego = f'package demo\nviolation contains {{"msg": "m"}} if {{ {body} }}\n'
    (error,) = policies(template(code(rego, version="v1")), constraint()).errors
    assert error.reason == (
        "it reads data[...]: Gatekeeper lets a template read data.inventory and data.lib only"
    )


def test_data_of_the_inventory_and_of_libraries_is_read():
    rego = (
        "package demo\nimport data.lib.few\n"
        'violation contains {"msg": "m"} if { few.yes; count(data.inventory) == 1; x[0].data.foo }\n'
        'x := [{"data": {"foo": true}}]\n'
    )
    lib = "package lib.few\nyes := true\n"
    found = policies(template(code(rego, version="v1", libs=[lib])), constraint())
    assert found.errors == ()


@pytest.mark.parametrize(
    ("match", "reason"),
    [
        (
            {"labelSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
            "spec.match.labelSelector: In needs values, and there are none for a",
        ),
        (
            {"scope": "namespaced"},
            "spec.match.scope: 'namespaced' is not one of ['*', 'Cluster', 'Namespaced']",
        ),
    ],
)
def test_a_match_that_is_refused_is_an_error_of_every_object_of_its_kinds(match, reason):
    kinds = [{"apiGroups": ["apps"], "kinds": ["Deployment"]}]
    found = policies(GOOD, constraint(match={**match, "kinds": kinds}))
    assert [error.reason for error in found.errors] == [reason]
    assert [error.reason for error in found.review(deployment()).failures] == [reason]
    pod = Manifest({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}, "p.yaml")
    assert found.review(pod).failures == ()
