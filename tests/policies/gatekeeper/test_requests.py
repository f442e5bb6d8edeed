"""Rego that reads the request: what is derived, and what is never guessed."""

from __future__ import annotations

import time

import pytest

from flagstone.policies.engines.rego.computed_keys import keys_of_the_review
from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.manifests.objects import Manifest
from tests.policies.gatekeeper.samples import (
    code,
    constraint,
    deployment,
    in_view,
    policies,
    template,
)

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


ANY = (
    "it asks for input.review[...] by a key that is computed, which only a request to a cluster has"
)


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        ('k := input.parameters.field; input.review[k].username != "admin"', ""),
        ('k := concat("", ["user", "Info"]); not input.review[k].groups', ""),
        ("some k; input.review[k]", ""),
        ("input.review[_].username", ""),
        ("input[k].userInfo", "k := input.parameters.place"),
        ('input["review"][input.parameters.field]', ""),
        ("object.get(input.review, input.parameters.field, {})", ""),
        ('object.get(input, ["review", input.parameters.field], {})', ""),
        ("object.filter(input.review, input.parameters.fields)", ""),
        ("json.filter(input.review, [input.parameters.field])", ""),
        ("r := input.review; r[input.parameters.field]", ""),
        ("i := input; i.review[input.parameters.field]", ""),
        ("review[input.parameters.field]", "review := input.review"),
        ("by(input.review, input.parameters.field)", "by(r, key) if r[key].x"),
        ("one(input)", "one(i) if two(i.review)\ntwo(r) if { some k; r[k].x }"),
        ("by(input)\nby(input.review)", "by(x) if x[input.parameters.field]"),
    ],
)
def test_a_key_that_is_computed_may_be_any(body, rules):
    assert said(body, rules) == [f"! {ANY}"]


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        ('k := "object"; input.review[k].spec.replicas == 1', ""),
        ('some k in ["object", "oldObject"]; input.review[k].spec.replicas == 1', ""),
        ('input.review[["object", "oldObject"][_]].spec.replicas == 1', ""),
        ('object.get(input.review, "object", {}).spec.replicas == 1', ""),
        ('object.get(input, ["review", "object"], {}).spec.replicas == 1', ""),
        ('k := "replicas"; input.review.object.spec[k] == 1', ""),
        (
            "few(input.review); some k; input.review.object[k]",
            "few(r) if r.object.spec.replicas < 2",
        ),
        ('known(input.review)[0] == "web"', "known(r) := [r.object.metadata.name]"),
        ('some c; list[c] == "web"', "list := [input.review.object.metadata.name]"),
        ('input.parameters["min"] == 2', ""),
        ('k := "min"; input.parameters[k] == 2', ""),
    ],
)
def test_a_key_that_is_known_is_read(body, rules):
    assert said(body, rules) == ["m"]


def test_a_key_that_is_written_out_elsewhere_is_that_field():
    assert said('k := "userInfo"; input.review[k].username') == [f"! {USER}"]
    assert said('some k in ["object", "userInfo"]; input.review[k].x') == [f"! {USER}"]


@pytest.mark.parametrize(
    "rego",
    [
        "package demo\n" + "(" * 30_000,
        "package demo\n"
        + "".join(f"f{n}(x) = f{n + 1}(x)\n" for n in range(5_000))
        + "a = f0(input)\n",
        "package demo\na { " + " ".join(f"input.review[k{n}]" for n in range(20_000)) + " }\n",
        "package demo\na { " + " ".join("x = f(input)" for n in range(20_000)) + " }\n",
    ],
)
def test_hostile_texts_take_no_time(rego):
    begun = time.process_time()
    keys_of_the_review((rego,))
    assert time.process_time() - begun < 3


def test_a_library_that_is_given_the_review_by_a_computed_key():
    lib = "package lib.l\nread(r, k) := r[k]\n"
    rego = (
        "package demo\nimport data.lib.l\n"
        'violation contains {"msg": "m"} if l.read(input.review, input.parameters.f).x\n'
    )
    found = policies(template(code(rego, version="v1", libs=[lib])), constraint())
    assert [f.reason for f in found.review(deployment()).failures] == [ANY]


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
    assert said(body, view=in_view(pay={"env": "prod"})) == ["m"]
    assert said(body, view=in_view(pay={"env": "test"})) == []


def test_a_namespace_among_the_files_has_its_annotations_too():
    metadata = {"name": "pay", "labels": {"env": "prod"}, "annotations": {"owner": "money"}}
    namespace = Manifest({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, "n.yaml")
    view = ClusterView.of([namespace])
    for field in ('annotations.owner == "money"', 'labels["kubernetes.io/metadata.name"] == "pay"'):
        assert said(f"input.review.namespaceObject.metadata.{field}", view=view) == ["m"]
    assert said('input.review.namespaceObject.metadata.annotations.owner == "x"', view=view) == []


def test_an_object_of_the_whole_cluster_has_no_namespace_that_could_be_known():
    rego = 'package demo\nviolation contains {"msg": "m"} if not input.review.namespaceObject\n'
    found = policies(template(code(rego, version="v1")), constraint())
    raw = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pay"}}
    assert [v.message for v in found.evaluate(Manifest(raw, "n.yaml"))] == ["m"]
