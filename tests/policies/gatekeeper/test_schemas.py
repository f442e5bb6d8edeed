"""Parameters and matches that do not fit are refused, as by the API server."""

from __future__ import annotations

import pytest

from flagstone.policies.gatekeeper.errors import InvalidParameters
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.gatekeeper.schemas import first_problem
from tests.policies.gatekeeper.samples import V1, code, constraint, deployment, dump, template

SCHEMA = {
    "type": "object",
    "required": ["names"],
    "properties": {
        "names": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^[a-z]+$"}},
        "mode": {"type": "string", "enum": ["soft", "hard"]},
        "limit": {"type": "integer", "minimum": 1, "maximum": 9},
        "port": {"x-kubernetes-int-or-string": True},
        "maybe": {"type": "string", "nullable": True},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"names": ["a"], "mode": "soft", "limit": 3, "port": "http", "maybe": None}, None),
        ({"names": ["a"], "port": 80, "labels": {"a": "b"}, "unknown": 1}, None),
        ({}, ((), "'names' is a required property")),
        ({"names": "a"}, (("names",), "'a' is not of type 'array'")),
        ({"names": []}, (("names",), "[] is too short")),
        ({"names": ["a", "B"]}, (("names", 1), "'B' does not match '^[a-z]+$'")),
        ({"names": ["a"], "mode": "x"}, (("mode",), "'x' is not one of ['soft', 'hard']")),
        ({"names": ["a"], "limit": 0}, (("limit",), "0 is less than the minimum of 1")),
        ({"names": ["a"], "limit": True}, (("limit",), "True is not of type 'integer'")),
        ({"names": ["a"], "port": 1.5}, (("port",), "1.5 is neither an integer nor a string")),
        ({"names": ["a"], "mode": None}, (("mode",), "None is not of type 'string'")),
        ({"names": ["a"], "labels": {"a": 1}}, (("labels", "a"), "1 is not of type 'string'")),
    ],
)
def test_values(value, problem):
    found = first_problem(value, SCHEMA)
    if problem and problem[1] == "[] is too short":
        assert found in (problem, (("names",), "[] should be non-empty"))
    else:
        assert found == problem


def test_a_schema_that_is_none_refuses_nothing_and_fetches_nothing():
    assert first_problem({"a": 1}, {"type": 5}) is None
    assert first_problem({"a": 1}, {"$ref": "http://localhost:1/schema"}) is None


def test_a_pattern_of_others_has_a_limit_on_time():
    keys, reason = first_problem("a" * 40, {"type": "string", "pattern": "(a|aa)+$b"})
    assert keys == ()
    assert reason.endswith("takes too long")


def of(**spec):
    text = dump(template(code(V1, version="v1"), **SCHEMA)) + "---\n" + dump(constraint(**spec))
    return text, PolicySet.from_files({"p.yaml": text.encode()})


def test_the_constraint_is_refused_with_its_line_and_never_passes():
    text, found = of(parameters={"names": ["a", "B"]})
    (error,) = found.errors
    assert isinstance(error, InvalidParameters)
    assert error.reason == "spec.parameters.names[1]: 'B' does not match '^[a-z]+$'"
    assert "- B" in text.splitlines()[error.line - 1]
    assert found.review(deployment()).failures == (error,)


@pytest.mark.parametrize(
    ("match", "reason"),
    [
        ({"kinds": "Pod"}, "spec.match.kinds: 'Pod' is not of type 'array'"),
        ({"kinds": [{"kinds": "Pod"}]}, "spec.match.kinds[0].kinds: 'Pod' is not of type 'array'"),
        ({"namespaces": "pay"}, "spec.match.namespaces: 'pay' is not of type 'array'"),
        ({"scope": "Namespace"}, "spec.match.scope: 'Namespace' is not one of ['*', 'Cluster', 'Namespaced']"),
        ({"labelSelector": {"matchLabels": {"a": 1}}},
         "spec.match.labelSelector.matchLabels.a: 1 is not of type 'string'"),
    ],
)  # fmt: skip
def test_matches_that_are_refused(match, reason):
    _, found = of(parameters={"names": ["a"]}, match=match)
    assert [error.reason for error in found.errors] == [reason]


@pytest.mark.parametrize("glob", ["*", "kube-*", "*-system", "*pay*", "a.b", "pay"])
def test_globs_are_allowed(glob):
    _, found = of(parameters={"names": ["a"]}, match={"namespaces": [glob], "name": glob})
    assert found.errors == ()


@pytest.mark.parametrize("of_no_type", ["text", ["a"], {"": None}, 7])
def test_a_schema_of_a_type_that_does_not_exist_lets_everything_pass(of_no_type: object) -> None:
    assert first_problem({"a": 1}, {"properties": {"a": {"type": of_no_type}}}) is None
