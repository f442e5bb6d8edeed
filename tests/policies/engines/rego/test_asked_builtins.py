"""Functions that the engine has not: their answers are worked out beside it, and the policy is asked again."""

from __future__ import annotations

import hashlib
import json

import pytest

from flagstone.policies.engines.confined import confined
from flagstone.policies.engines.rego.runner import RegoRunner
from flagstone.policies.engines.sources import RegoSource, SourceFault
from flagstone.policies.gatekeeper.policy_set import PolicySet
from tests.policies.gatekeeper.samples import code, constraint, deployment, dump, template

SHA_OF_A = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
MD5_OF_IT = "c5f8ad451b1cf82dc648f25bd47e7588"


def said(body, rules="", *, is_v1=True, inventory=None, review=None):
    head = 'violation contains {"msg": msg} if' if is_v1 else 'violation[{"msg": msg}]'
    runner = RegoRunner(RegoSource(f"package a\n{head} {{ {body} }}\n{rules}\n", (), is_v1, ()))
    if inventory is not None:
        runner.know(json.dumps({"inventory": inventory}))
    found = runner.run(json.dumps({"review": review or {}, "parameters": {}}))
    return [each["msg"] for each in json.loads(found)]


@pytest.mark.parametrize("is_v1", [True, False])
def test_a_call_is_answered(is_v1):
    assert said('msg := crypto.sha256("a")', is_v1=is_v1) == [SHA_OF_A]


def test_calls_with_what_others_answered():
    twice = hashlib.sha256(SHA_OF_A.encode()).hexdigest()
    assert said('msg := crypto.sha256(crypto.sha256("a"))') == [twice]
    assert said('msg := f(f("a"))', "f(x) := crypto.sha256(x)") == [twice]


def test_what_depends_on_the_answer_waits_for_it():
    assert said(f'not crypto.sha256("a") == "{SHA_OF_A}"; msg := "other"') == []
    assert said('not crypto.sha256("a") == "x"; msg := "other"') == ["other"]
    assert said('every x in ["a", "b"] { crypto.sha256(x) != "" }; msg := "all"') == ["all"]
    made = 'x := crypto.sha256(input.none) if input.none\nelse := crypto.md5("a")'
    assert said("msg := x", made) == ["0cc175b9c0f1b6a831c399e269772661"]


def test_the_inventory_stays_beside_the_answers():
    body = "some x in data.inventory.names; msg := crypto.md5(x)"
    assert said(body, inventory={"names": ["a"]}) == ["0cc175b9c0f1b6a831c399e269772661"]


def test_a_set_of_networks_and_its_answer_is_a_set():
    body = 'x := net.cidr_merge({"10.0.0.0/25", "10.0.0.128/25"}); is_set(x); msg := sprintf("%v", [x])'
    assert said(body) == ['{"10.0.0.0/24"}']


@pytest.mark.parametrize(
    ("call", "reason", "only_here"),
    [
        ("crypto.md5(input.review.n)", "crypto.md5: operand 1 must be a string", False),
        ('net.cidr_merge(["x"])', "net.cidr_merge: invalid CIDR address: x", False),
        ('net.cidr_merge(["10.0.0.0/255.0.0.0"])', "net.cidr_merge: invalid CIDR address: 10.0.0.0/255.0.0.0", False),
        ('net.cidr_merge(["::1"])', "net.cidr_merge: IPv6 invalid: needs prefix length", False),
        ('json.patch({"a": 1}, [{"op": "remove", "path": "/b"}])', 'json.patch: path "b" does not exist', False),
        ('json.patch({"a": {1}}, [])', "it calls json.patch() with a set, which is not done here", True),
        ('sprintf("%x", [1.5])', "it calls sprintf() with %x of such a number, which is not done here", True),
    ],
)  # fmt: skip
def test_a_call_without_an_answer_is_no_pass(call, reason, only_here):
    with pytest.raises(SourceFault) as caught:
        said(f"x := {call}; msg := x.y", review={"n": 1})
    assert (caught.value.reason, caught.value.only_here) == (reason, only_here)


def test_calls_without_end_are_not_followed():
    body = 'print("flagstone asks", json.marshal(["crypto.md5", "[\\"a\\"]", false])); msg := "m"'
    with pytest.raises(SourceFault, match="more than 50 times over"):
        said(body)
    assert said('print("flagstone asks", "nothing"); msg := "m"') == ["m"]


def test_a_policy_of_others_is_answered_in_its_child():
    rego = (
        "package demo\n"
        'violation contains {"msg": msg} if msg := crypto.md5(crypto.sha256(input.review.object.metadata.name))\n'
    )
    text = dump(template(code(rego, version="v1"))) + "---\n" + dump(constraint())
    found = PolicySet.from_files({"p.yaml": text.encode()}, confined())
    named = deployment(name="a")
    assert [v.message for v in found.evaluate(named)] == [MD5_OF_IT]
