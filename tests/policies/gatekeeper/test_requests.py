"""Rego that reads the request: what is derived, and what is never guessed."""

from __future__ import annotations

import pytest

from flagstone.policies.manifests.objects import Manifest
from tests.policies.gatekeeper.samples import code, constraint, deployment, policies, template

USER = "it asks for input.review.userInfo, which only a request to a cluster has"
NAMESPACE = (
    "it asks for the object's namespace pay (input.review.namespaceObject), "
    "which is not among the files"
)


def said(body, rules="", **known):
    rego = f'package demo\nviolation contains {{"msg": "m"}} if {{ {body} }}\n{rules}\n'
    found = policies(template(code(rego, version="v1")), constraint())
    assert found.errors == ()
    review = found.review(deployment(), **known)
    return [v.message for v in review.violations] + [f"! {f.reason}" for f in review.failures]


@pytest.mark.parametrize(
    "body",
    [
        'input.review.resource == {"group": "apps", "version": "v1", "resource": "deployments"}',
        "input.review.requestResource == input.review.resource",
        "input.review.requestKind == input.review.kind",
        'input.review.operation == "CREATE"',
        "input.review.dryRun == false",
        'input.review.name == "web"; input.review.namespace == "pay"',
    ],
)
def test_what_every_request_has_is_given(body):
    assert said(body) == ["m"]


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        ('input.review.userInfo.username != "admin"', ""),
        ('input.review["userInfo"].username != "admin"', ""),
        ('input["review"]["userInfo"].username != "admin"', ""),
        ('u := object.get(input.review, "userInfo", {}); u.username != "admin"', ""),
        ('object.get(input, ["review", "userInfo", "username"], "") == "x"', ""),
        ('json.filter(input, ["review/userInfo"]) == "x"', ""),
        ('r := input.review; r.userInfo.username == "x"', ""),
        ("by_admin(input.review)", 'by_admin(r) if r.userInfo.username == "admin"'),
        ("by_admin(input)", 'by_admin(i) if i.review.userInfo.username == "admin"'),
        ("not input.review.userInfo.groups", ""),
    ],
)
def test_who_asks_is_not_known(body, rules):
    assert said(body, rules) == [f"! {USER}"]


def test_one_request_of_many_is_not_known():
    asked = (
        "it asks for input.review.options, input.review.uid, which only a request to a cluster has"
    )
    assert said("input.review.uid; input.review.options") == [f"! {asked}"]


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        ('walk(input, [path, "web"]); path[count(path) - 1] == "name"', ""),
        ("few(input.review)", "few(r) if r.object.spec.replicas < 2"),
        ("not input.review.object.spec.userInfo.name", ""),
        ("spec := input.review.object.spec; not spec.userInfo", ""),
        ('sprintf("%v", ["ask for userInfo"]) != ""', ""),
        ("true # input.review.userInfo\n", ""),
    ],
)
def test_what_never_reads_the_request_is_judged(body, rules):
    assert said(body, rules) == ["m"]


@pytest.mark.parametrize("name", ["namespaceObject", "_unstable.namespace"])
def test_a_namespace_is_known_where_it_is_among_the_files(name):
    body = f'input.review.{name}.metadata.labels.env == "prod"'
    assert said(body) == [f"! {NAMESPACE}"]
    assert said(body, namespace_labels={"pay": {"env": "prod"}}) == ["m"]
    assert said(body, namespace_labels={"pay": {"env": "test"}}) == []


def test_an_object_of_the_whole_cluster_has_no_namespace_that_could_be_known():
    rego = 'package demo\nviolation contains {"msg": "m"} if not input.review.namespaceObject\n'
    found = policies(template(code(rego, version="v1")), constraint())
    raw = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pay"}}
    assert [v.message for v in found.evaluate(Manifest(raw, "n.yaml"))] == ["m"]
