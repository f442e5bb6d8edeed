"""Constraints, accepted and refused as by the cluster."""

from __future__ import annotations

import pytest

from flagstone.policies.gatekeeper.constraints import read_constraint
from flagstone.policies.gatekeeper.errors import PolicyError
from flagstone.policies.manifests.objects import Manifest
from tests.policies.gatekeeper.samples import constraint

SCHEMA = {"properties": {"min": {"default": 5}, "max": {"default": 9}}}


def read(raw, schema=None):
    return read_constraint(Manifest(raw, "c.yaml"), schema or {})


def test_what_it_says():
    found = read(constraint(match={"kinds": [{"kinds": ["Pod"]}]}))
    assert (found.kind, found.name, found.enforcement) == ("Demo", "demo", "deny")
    assert found.parameters == {"min": 2}
    assert found.match.kind_matches("", "Pod")
    assert not found.match.kind_matches("", "Service")


def test_defaults_of_the_template():
    assert read(constraint(), SCHEMA).parameters == {"min": 2, "max": 9}


def test_without_parameters_there_is_nothing_to_default():
    raw = constraint()
    del raw["spec"]["parameters"]
    assert read(raw, SCHEMA).parameters is None


def test_a_default_for_the_parameters_themselves():
    """As the API server: the empty object is filled in first, and its own defaults then."""
    raw = constraint()
    del raw["spec"]["parameters"]
    nested = {"type": "object", "default": {}, "properties": {"of": {"default": 1}}}
    schema = {"type": "object", "default": {}, "properties": {"in": nested, "max": {"default": 9}}}
    assert read(raw, schema).parameters == {"in": {"of": 1}, "max": 9}
    raw["spec"]["parameters"] = None
    assert read(raw, schema).parameters == {"in": {"of": 1}, "max": 9}
    raw["spec"]["parameters"] = {"in": {"of": 2}}
    assert read(raw, schema).parameters == {"in": {"of": 2}, "max": 9}
    del raw["spec"]
    assert read(raw, schema).parameters is None


def scoped(*actions):
    entries = [
        {"action": action, "enforcementPoints": [{"name": point} for point in points]}
        for action, points in actions
    ]
    return {"enforcementAction": "scoped", "scopedEnforcementActions": entries}


@pytest.mark.parametrize(
    ("spec", "enforcement"),
    [
        ({}, "deny"),
        ({"enforcementAction": "deny"}, "deny"),
        ({"enforcementAction": "warn"}, "warn"),
        ({"enforcementAction": "dryrun"}, "dryrun"),
        (scoped(("warn", ["*"]), ("deny", ["validation.gatekeeper.sh"])), "deny"),
        (scoped(("deny", ["audit.gatekeeper.sh"]), ("warn", ["gator.gatekeeper.sh"])), "warn"),
        (scoped(("deny", ["audit.gatekeeper.sh"])), "dryrun"),
        (scoped(), "dryrun"),
    ],
)
def test_enforcement(spec, enforcement):
    assert read(constraint(**spec)).enforcement == enforcement


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"apiVersion": "constraints.gatekeeper.sh/v1"},
            "constraints have no v1; use constraints.gatekeeper.sh/v1beta1",
        ),
        ({"metadata": {}}, "metadata.name is missing"),
        (
            {"spec": {"enforcementAction": "block"}},
            "enforcementAction block does not exist: deny, warn, dryrun or scoped",
        ),
        (
            {"spec": scoped(("stop", ["*"]))},
            "enforcementAction stop does not exist: deny, warn, dryrun or scoped",
        ),
    ],
)
def test_what_is_refused(change, reason):
    with pytest.raises(PolicyError) as caught:
        read({**constraint(), **change})
    assert caught.value.reason == reason
    assert caught.value.policy == "demo"


def test_v1alpha1_is_served():
    raw = {**constraint(), "apiVersion": "constraints.gatekeeper.sh/v1alpha1"}
    assert read(raw).name == "demo"
