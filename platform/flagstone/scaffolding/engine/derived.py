"""What questions that are left open come to: defaults that a template computes from the other answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flagstone.scaffolding.engine import expressions
from flagstone.scaffolding.engine.answers import without_faults
from flagstone.scaffolding.engine.jobs import LayerJob, LayerKind
from flagstone.scaffolding.engine.rendering import render_layers
from flagstone.scaffolding.engine.scaffold import Scaffold


def derived_defaults(scaffold: Scaffold, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Compute the defaults of the questions that have `ui:options: {derived: true}`.

    Args:
        scaffold: A usable one.
        answers: As far as they are given; one that is wrong counts as open.

    Returns:
        By question: a text, or a mapping for a dictionary.

    Raises:
        TemplateError: A default cannot be computed, with file and reason.
    """
    wanted = {asked.name for asked in scaffold.form.fields if asked.options.get("derived") is True}
    known = scaffold.form.without_secrets(without_faults(scaffold.form, answers))
    names = {"parameters": dict.fromkeys(scaffold.form.names) | known}
    found: dict[str, Any] = {}
    for step_id, layer in scaffold.layers.items():
        if layer.kind is not LayerKind.COOKIECUTTER:
            continue
        step = next(step for step in scaffold.steps if step.id == step_id)
        asked = dict(_asked_for(step.input.get("values") or {}))
        if not wanted & set(asked.values()):
            continue
        given = {
            variable: names["parameters"][question]
            for variable, question in asked.items()
            if question in known
        }
        (result,) = render_layers(
            [
                LayerJob(
                    layer.folder,
                    given,
                    layer.label,
                    runs_code=layer.runs_code,
                    only_variables=True,
                )
            ]
        )
        found |= {
            question: result.variables[variable]
            for variable, question in asked.items()
            if question in wanted
        }
    return found


def _asked_for(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each variable of a layer that is one question's answer and nothing else."""
    for variable, value in values.items():
        if question := expressions.lone_name(value).removeprefix("parameters."):
            yield variable, question
