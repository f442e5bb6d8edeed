"""The series that a rule's own selectors ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flagstone.scorecards.engine.alert_scenarios.answers import Answers
from flagstone.scorecards.engine.alert_scenarios.matching import Selector, accepted_value


class NoSeriesError(ValueError):
    """A selector for which no labels were found; the message says which."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter of requests; `answers` says by which label its good and bad ones are told apart."""

    metric: str
    labels: tuple[tuple[str, str], ...]
    answers: Answers | None


def written(metric: str, labels: Iterable[tuple[str, str]]) -> str:
    """A series in promtool's notation."""
    pairs = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels if value)
    return f"{metric}{{{pairs}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def labels_for(selectors: Iterable[Selector], apart: str = "") -> list[dict[str, str]]:
    """Sets of labels, as few as possible, so that each selector of one metric accepts one of them.

    Args:
        selectors: of one metric.
        apart: the label that is left out.

    Raises:
        NoSeriesError: no value was found that a selector's matchers accept.
    """
    groups: list[list[Selector]] = []
    for selector in sorted(selectors, key=lambda s: -len(s.matchers)):
        for group in groups:
            if _agree([*group, selector], apart):
                group.append(selector)
        if not any(selector in group for group in groups):
            groups.append([selector])
    return [_labels(group, apart) for group in groups]


def _agree(group: list[Selector], apart: str) -> bool:
    try:
        _labels(group, apart)
    except NoSeriesError:
        return False
    return True


def _labels(group: list[Selector], apart: str) -> dict[str, str]:
    names = dict.fromkeys(label for selector in group for label in selector.labels)
    found: dict[str, str] = {}
    for label in names:
        if label == apart:
            continue
        matchers = [matcher for selector in group for matcher in selector.on(label)]
        value = accepted_value(matchers)
        if value is None:
            asked = " and ".join(f"{m.label}{m.operator}{m.value!r}" for m in matchers)
            raise NoSeriesError(f"no value was found for {asked} of {group[0].metric}")
        found[label] = value
    return found
