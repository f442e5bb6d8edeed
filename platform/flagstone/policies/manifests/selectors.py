"""Label selectors: does this one match these labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flagstone.policies.manifests.objects import mapping, sequence, text_map

_WITH_VALUES, _WITHOUT_VALUES = ("In", "NotIn"), ("Exists", "DoesNotExist")


def matches(selector: Any, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector matches; an empty one matches everything, None and junk nothing."""
    if not isinstance(selector, dict):
        return False
    return matches_map(selector.get("matchLabels") or {}, labels) and all(
        _holds(mapping(expression), labels)
        for expression in sequence(selector.get("matchExpressions"))
    )


def selector_fault(selector: Any) -> str:
    """Why the API server refuses a LabelSelector, "" if it does not."""
    for expression in map(mapping, sequence(mapping(selector).get("matchExpressions"))):
        key, operator = expression.get("key"), expression.get("operator")
        has_values = bool(sequence(expression.get("values")))
        if not key:
            return "an expression of the selector has no key"
        if operator not in {*_WITH_VALUES, *_WITHOUT_VALUES}:
            return f"the operator {operator} does not exist: In, NotIn, Exists or DoesNotExist"
        if operator in _WITH_VALUES and not has_values:
            return f"{operator} needs values, and there are none for {key}"
        if operator in _WITHOUT_VALUES and has_values:
            return f"{operator} takes no values, and there are some for {key}"
    return ""


def matches_map(wanted: Any, labels: Mapping[str, str]) -> bool:
    """Whether every label of a plain map, such as a Service's selector, is there and equal."""
    if not isinstance(wanted, dict):
        return False
    return all(labels.get(key) == value for key, value in text_map(wanted).items())


def _holds(expression: dict[str, Any], labels: Mapping[str, str]) -> bool:
    value = labels.get(str(expression.get("key")))
    values = {str(item) for item in sequence(expression.get("values"))}
    match expression.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:
            return False
