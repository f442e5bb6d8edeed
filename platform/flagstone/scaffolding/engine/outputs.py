"""What a template.yaml says of a run with its `output`: links and texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flagstone.scaffolding.engine import expressions
from flagstone.scaffolding.engine.filters import shown as as_text
from flagstone.scaffolding.engine.known_names import known_names
from flagstone.scaffolding.engine.scaffold import Scaffold


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    url: str
    entity_ref: str
    icon: str


@dataclass(frozen=True, slots=True)
class Text:
    title: str
    content: str


def output(
    scaffold: Scaffold,
    answers: Mapping[str, Any],
    *,
    user: Mapping[str, Any],
    environment: Mapping[str, str],
    now: datetime,
    outputs: Mapping[str, Mapping[str, Any]],
) -> tuple[list[Link], list[Text]]:
    """Return the links and texts that a finished run shows; `outputs` by step id.

    An expression about a step that has not run leaves its link or text out.
    """
    if scaffold.template is None:
        return [], []
    names = known_names(scaffold, answers, user, environment, now)
    names["steps"] = {step_id: {"output": dict(values)} for step_id, values in outputs.items()}
    links, texts = [], []
    for link in scaffold.template.output.links:
        shown = _shown([link.condition, link.title, link.url, link.entity_ref], names)
        # one that points to what has not been made points nowhere
        if shown and any(shown[1:]):
            title, url, entity_ref = shown
            links.append(Link(title, url, entity_ref, link.icon))
    for text in scaffold.template.output.texts:
        shown = _shown([text.condition, text.title, text.content], names)
        if shown:
            texts.append(Text(*shown))
    return links, texts


def _shown(wanted: list[Any], names: Mapping[str, Any]) -> list[str]:
    try:
        if not expressions.holds(wanted[0], names):
            return []
        return [str(as_text(value)) for value in expressions.evaluate(wanted[1:], names)]
    except expressions.ExpressionError:
        return []
