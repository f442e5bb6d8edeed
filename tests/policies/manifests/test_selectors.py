"""Label selectors."""

from __future__ import annotations

import pytest

from flagstone.policies.manifests.selectors import matches, matches_map, selector_fault

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


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ({"key": "a", "operator": "In", "values": ["b"]}, ""),
        ({"key": "a", "operator": "Exists"}, ""),
        ({"key": "a", "operator": "DoesNotExist", "values": []}, ""),
        ({"key": "a", "operator": "In"}, "In needs values, and there are none for a"),
        ({"key": "a", "operator": "NotIn", "values": []}, "NotIn needs values, and there are none for a"),
        ({"key": "a", "operator": "Exists", "values": ["b"]}, "Exists takes no values, and there are some for a"),
        ({"key": "a", "operator": "Is"}, "the operator Is does not exist: In, NotIn, Exists or DoesNotExist"),
        ({"operator": "Exists"}, "an expression of the selector has no key"),
    ],
)  # fmt: skip
def test_what_the_api_server_refuses(expression, fault):
    assert selector_fault({"matchExpressions": [expression]}) == fault
    assert selector_fault({"matchLabels": {"a": "b"}}) == ""
    assert selector_fault(None) == ""
