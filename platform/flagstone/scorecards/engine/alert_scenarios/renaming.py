"""Rules of different services as one: names that mean nothing to Prometheus are replaced.

A hundred services of one scaffold differ by the values of labels such as `service`. With those replaced
their rules are the same text, and are played once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flagstone.scorecards.engine.alert_scenarios.rulebook import Rule

_TEXTS = re.compile(
    r"""(?P<label>\b[a-zA-Z_]\w*)(?P<is>\s*=\s*)(?P<q>["'])(?P<value>[^"'\\]*)(?P=q)"""
    r"""|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|\#[^\n]*"""
)
_MAKES_LABELS = re.compile(r"\b(label_replace|label_join|count_values|info)\b")


@dataclass(frozen=True, slots=True)
class Renaming:
    """New values of labels; a label that is not in `labels` keeps its own."""

    labels: frozenset[str]
    names: Mapping[str, str]

    def value(self, label: str, value: str) -> str:
        return self.names.get(value, value) if label in self.labels else value

    def expr(self, text: str) -> str:
        return _TEXTS.sub(self._replaced, text)

    def _replaced(self, found: re.Match[str]) -> str:
        if found["label"] is None:
            return found[0]
        value = self.value(found["label"], found["value"])
        return f"{found['label']}{found['is']}{found['q']}{value}{found['q']}"


def renaming(rules: Iterable[Rule], kept: Iterable[str]) -> Renaming:
    """Number the values of the labels that rules ask for with `=` only.

    Args:
        rules: in the order in which they are played.
        kept: labels whose values mean something, such as that of the status.
    """
    rules = list(rules)
    if any(_MAKES_LABELS.search(rule.expr) for rule in rules):
        return Renaming(frozenset(), {})
    matchers = [m for rule in rules for use in rule.uses for m in use.selector.matchers]
    free = {matcher.label for matcher in matchers if matcher.operator == "="}
    free -= {matcher.label for matcher in matchers if matcher.operator != "="}
    free -= {"le", "quantile", *kept}
    names: dict[str, str] = {}
    for rule in rules:
        for use in rule.uses:
            for matcher in use.selector.matchers:
                if matcher.label in free and _simple(matcher.value):
                    names.setdefault(matcher.value, f"v{len(names)}")
        for label, value in () if rule.alert else rule.labels.items():
            if label in free and _simple(value):
                names.setdefault(value, f"v{len(names)}")
    return Renaming(frozenset(free), names)


def _simple(value: str) -> bool:
    return re.fullmatch(r"[^\"'\\`\n]+", value) is not None
