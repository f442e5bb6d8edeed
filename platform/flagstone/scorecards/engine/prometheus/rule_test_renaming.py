"""Tests of rules of different services as one, so that those of a hundred services of one scaffold run once.

The names of alerts, tests and groups and the values of labels are numbered, in the order in which they sort.
A renamed test that passes tells that the test passes; where it fails, the test itself tells why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flagstone.scorecards.engine.alert_scenarios.renaming import (
    NEVER_RENAMED,
    Renaming,
    can_be_renamed,
    is_plain,
)
from flagstone.scorecards.engine.alert_scenarios.rulebook import uses_of
from flagstone.scorecards.engine.alert_scenarios.test_files import Play
from flagstone.scorecards.engine.prometheus.promql import parsed
from flagstone.scorecards.engine.prometheus.rule_test_plays import play_of

_ACTION = re.compile(r"""\{\{(?:[^{}"'`]|"(?:[^"\\{}]|\\[^{}])*"|'[^'\\{}]'|`[^`{}]*`)*\}\}""")
_NO_LABELS = re.compile(r"\s*(\{\s*\})?\s*")
_NAME = "alertname"


class _NotRenamedError(ValueError):
    """Something in the files may depend on what it is called."""


def renamed(groups: Sequence[dict[str, Any]], document: dict[str, Any]) -> Play | None:
    """The same rules and tests under other names; None where the outcome might not be the same."""
    try:
        _refuse_what_reads_names(groups, document)
        names = _renaming(groups, document)
        tests = [_test(test, number, names) for number, test in enumerate(document["tests"])]
        made = _groups(groups, names, document)
        return play_of(made, document | {"tests": tests}, ordered=True)
    except (_NotRenamedError, LookupError, TypeError):
        return None


def _refuse_what_reads_names(
    groups: Iterable[Mapping[str, Any]], document: Mapping[str, Any]
) -> None:
    """Templates may put a name anywhere: in labels, and in annotations that somebody compares.

    Raises:
        _NotRenamedError: there are some.
    """
    for rule in _rules(groups):
        if any("{{" in str(value) for value in _mapping(rule.get("labels")).values()):
            raise _NotRenamedError
    annotated = any(rule.get("annotations") for rule in _rules(groups))
    if annotated and any(one.get("exp_alerts") for one in _asked(document, "alert_rule_test")):
        raise _NotRenamedError


def _renaming(groups: Iterable[Mapping[str, Any]], document: Mapping[str, Any]) -> Renaming:
    """Number the values of each label.

    Raises:
        _NotRenamedError: an expression is not understood, or reads the values of labels.
    """
    found: dict[str, set[str]] = {}
    held = set(NEVER_RENAMED)
    for label, value in _labelled(groups, document):
        if not isinstance(value, str):
            raise _NotRenamedError
        found.setdefault(label, set()).add(value)
    for expr in _expressions(groups, document):
        tree = parsed(expr)
        if tree is None:
            raise _NotRenamedError
        selectors = [use.selector for use in uses_of(tree)]
        if not can_be_renamed(expr, selectors):
            raise _NotRenamedError
        for matcher in (matcher for selector in selectors for matcher in selector.matchers):
            found.setdefault(matcher.label, set()).add(matcher.value)
            if matcher.operator != "=":
                held.add(matcher.label)
    return Renaming(
        {
            label: _numbered(values)
            for label, values in found.items()
            if label not in held and all(map(is_plain, values))
        }
    )


def _numbered(values: Iterable[str]) -> dict[str, str]:
    return {value: f"v{number:05}" for number, value in enumerate(sorted(filter(None, values)))}


def _labelled(
    groups: Iterable[Mapping[str, Any]], document: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    for rule in _rules(groups):
        yield from _mapping(rule.get("labels")).items()
        if "alert" in rule:
            yield _NAME, rule["alert"]
    for one in _asked(document, "alert_rule_test"):
        yield _NAME, one.get("alertname")
        for expected in _mappings(one.get("exp_alerts")):
            yield from _mapping(expected.get("exp_labels")).items()


def _expressions(groups: Iterable[Mapping[str, Any]], document: Mapping[str, Any]) -> Iterator[str]:
    """Those of rules and questions, and the series that are given and expected, which read as such too."""
    for rule in _rules(groups):
        yield rule["expr"]
    for series in _asked(document, "input_series"):
        yield series["series"]
    for one in _asked(document, "promql_expr_test"):
        yield one["expr"]
        for sample in _mappings(one.get("exp_samples")):
            if not _NO_LABELS.fullmatch(sample.get("labels", "")):
                yield sample["labels"]


def _rules(groups: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    return (rule for group in groups for rule in _mappings(group.get("rules")))


def _asked(document: Mapping[str, Any], key: str) -> Iterator[dict[str, Any]]:
    for test in _mappings(document["tests"]):
        yield from _mappings(test.get(key))


def _mapping(value: Any) -> dict[str, Any]:
    """A mapping of names, or none.

    Raises:
        _NotRenamedError: it is something else, which promtool refuses.
    """
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise _NotRenamedError
    return value


def _mappings(value: Any) -> list[dict[str, Any]]:
    """A list of mappings, or none.

    Raises:
        _NotRenamedError: it is something else, which promtool refuses.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise _NotRenamedError
    return [_mapping(one) for one in value]


def _groups(
    groups: Sequence[Mapping[str, Any]], names: Renaming, document: Mapping[str, Any]
) -> list[dict[str, Any]]:
    found = [
        group | {"rules": [_rule(rule, names) for rule in _mappings(group.get("rules"))]}
        for group in map(dict, groups)
    ]
    if not document.get("group_eval_order"):
        order = sorted(range(len(found)), key=lambda number: str(found[number].get("name")))
        for rank, number in enumerate(order):
            found[number]["name"] = f"g{rank:05}"
    return found


def _rule(rule: dict[str, Any], names: Renaming) -> dict[str, Any]:
    made = rule | {"expr": names.expr(rule["expr"])}
    if "alert" in rule:
        made["alert"] = names.value(_NAME, rule["alert"])
    for key, change in (("labels", names.value), ("annotations", _without_words)):
        if rule.get(key):
            made[key] = {name: change(name, value) for name, value in _mapping(rule[key]).items()}
    return made


def _without_words(_key: str, text: Any) -> Any:
    """Leave of an annotation, which nobody compares, what promtool may refuse: its templates."""
    if not isinstance(text, str) or "{{" in _ACTION.sub("", text):
        return text
    return "".join(_ACTION.findall(text))


def _test(test: dict[str, Any], number: int, names: Renaming) -> dict[str, Any]:
    made = test | ({"name": f"t{number}"} if "name" in test else {})
    for key, change in (
        ("input_series", _series),
        ("alert_rule_test", _alerts),
        ("promql_expr_test", _samples),
    ):
        if test.get(key):
            made[key] = [change(one, names) for one in test[key]]
    return made


def _series(one: dict[str, Any], names: Renaming) -> dict[str, Any]:
    return one | {"series": names.expr(one["series"])}


def _alerts(one: dict[str, Any], names: Renaming) -> dict[str, Any]:
    made = one | {"alertname": names.value(_NAME, one["alertname"])}
    if one.get("exp_alerts"):
        made["exp_alerts"] = [
            expected
            | {
                "exp_labels": {
                    label: names.value(label, value)
                    for label, value in _mapping(expected.get("exp_labels")).items()
                }
            }
            for expected in one["exp_alerts"]
        ]
    return made


def _samples(one: dict[str, Any], names: Renaming) -> dict[str, Any]:
    made = one | {"expr": names.expr(one["expr"])}
    if one.get("exp_samples"):
        made["exp_samples"] = [
            sample | ({"labels": names.expr(sample["labels"])} if sample.get("labels") else {})
            for sample in one["exp_samples"]
        ]
    return made
