"""Rules of different services as one: names that mean nothing to Prometheus are replaced.

A hundred services of one scaffold differ by the values of labels such as `service`. With those replaced
their rules are the same text, and are played once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flagstone.scorecards.engine.alert_scenarios.matching import Selector
from flagstone.scorecards.engine.alert_scenarios.rulebook import Rule

NEVER_RENAMED = frozenset(
    {"le", "quantile", "__name__", "alertstate"}
)  # Prometheus reads or makes them
_TEXTS = re.compile(
    r"""(?P<label>\b[a-zA-Z_]\w*)(?P<is>\s*=\s*)(?P<q>["'`])(?P<value>[^"'`\\]*)(?P=q)"""
    r"""|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|\#[^\n]*"""
)
_READS_VALUES = re.compile(
    r"\b(label_replace|label_join|count_values|info|limitk|limit_ratio|sort_by_label(_desc)?)\b"
)


@dataclass(frozen=True, slots=True)
class Renaming:
    """New values by label: Prometheus holds a value only against those of the same label."""

    names: Mapping[str, Mapping[str, str]]

    def value(self, label: str, value: str) -> str:
        return self.names.get(label, {}).get(value, value)

    def expr(self, text: str) -> str:
        return _TEXTS.sub(self._replaced, text)

    def _replaced(self, found: re.Match[str]) -> str:
        if found["label"] is None:
            return found[0]
        value = self.value(found["label"], found["value"])
        return f"{found['label']}{found['is']}{found['q']}{value}{found['q']}"


def renaming(rules: Iterable[Rule], kept: Iterable[str]) -> Renaming:
    """Number the values of the labels that rules give to what they record, or ask for with `=` only.

    Args:
        rules: in the order in which they are played.
        kept: labels whose values mean something, such as that of the status.
    """
    rules = list(rules)
    held = {*NEVER_RENAMED, *kept}
    found: dict[str, dict[str, None]] = {}
    for rule in rules:
        selectors = [use.selector for use in rule.uses]
        if not can_be_renamed(rule.expr, selectors):
            return Renaming({})
        for matcher in (matcher for selector in selectors for matcher in selector.matchers):
            found.setdefault(matcher.label, {})[matcher.value] = None
            if matcher.operator != "=":
                held.add(matcher.label)
        for label, value in () if rule.alert else rule.labels.items():
            found.setdefault(label, {})[value] = None
    return Renaming(
        {
            label: {value: f"v{number}" for number, value in enumerate(filter(None, values))}
            for label, values in found.items()
            if label not in held and all(map(is_plain, values))
        }
    )


def can_be_renamed(expr: str, selectors: Iterable[Selector]) -> bool:
    """Whether every value that an expression asks for with `=` is seen in its text, and none is read.

    Args:
        expr: the text.
        selectors: all of the same expression, parsed.
    """
    if _READS_VALUES.search(expr):
        return False
    asked = [m for selector in selectors for m in selector.matchers if m.operator == "="]
    seen = [(text["label"], text["value"]) for text in _TEXTS.finditer(expr) if text["label"]]
    return sorted((m.label, m.value) for m in asked) == sorted(
        (label, value) for label, value in seen if label != "__name__"
    )


def is_plain(value: str) -> bool:
    """Whether a value is written in an expression as it is."""
    return re.search(r"[\"'\\`\n]", value) is None
