"""Label selectors."""

from __future__ import annotations

import pytest

from flagstone.policies.manifests.selectors import matches, matches_map

LABELS = {"app": "web", "tier": "front", "v": "2"}


def expression(key, operator, *values):
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "web", "v": 2}}, True),
        ({"matchLabels": {"app": "web", "x": "y"}}, False),
        (expression("app", "In", "api", "web"), True),
        (expression("app", "In", "api"), False),
        (expression("none", "In", "api"), False),
        (expression("app", "NotIn", "api"), True),
        (expression("app", "NotIn", "web"), False),
        (expression("none", "NotIn", "web"), True),
        (expression("app", "Exists"), True),
        (expression("none", "Exists"), False),
        (expression("none", "DoesNotExist"), True),
        (expression("app", "DoesNotExist"), False),
        (expression("app", "Near", "web"), False),
        ({"matchLabels": {"app": "web"}, **expression("tier", "In", "back")}, False),
        (None, False),
        ("app=web", False),
        ({"matchLabels": ["app"]}, False),
        ({"matchExpressions": ["app"]}, False),
    ],
)
def test_matches(selector, expected):
    assert matches(selector, LABELS) is expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [({"app": "web"}, True), ({"app": "web", "v": 3}, False), ({}, True), (None, False)],
)
def test_matches_map(selector, expected):
    assert matches_map(selector, LABELS) is expected
