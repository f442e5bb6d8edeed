"""One use of a scaffold: its steps with the answers filled in, and the two trees that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flagstone.scaffolding.engine import expressions
from flagstone.scaffolding.engine.answers import validate
from flagstone.scaffolding.engine.filters import shown as as_text
from flagstone.scaffolding.engine.jobs import LayerJob, Limits
from flagstone.scaffolding.engine.provenance import LayerRecord, ProvenanceRecord
from flagstone.scaffolding.engine.rendering import render_layers
from flagstone.scaffolding.engine.scaffold import GITOPS, SERVICE, Scaffold, target_of
from flagstone.scaffolding.engine.template import (
    FETCH_COOKIECUTTER,
    PUBLISH_PULL_REQUEST,
    PUBLISH_REPOSITORY,
    REGISTER,
    Step,
)
from flagstone.scaffolding.engine.trees import RenderedTree, laid_over
from flagstone.scaffolding.errors import TemplateError


@dataclass(frozen=True, slots=True)
class RepositoryPlan:
    step_id: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class PullRequestPlan:
    step_id: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class RegistrationPlan:
    step_id: str
    path: str


@dataclass(frozen=True, slots=True)
class RenderedService:
    """Everything a run needs to know to act; nothing has been written yet.

    Args:
        service_name: As it was answered.
        answers: Complete and checked.
        service: The service's own repository, empty when the scaffold makes none.
        gitops: What is laid over the root of the GitOps repository.
        skipped: Names of the steps whose `if` was false.
    """

    service_name: str
    answers: Mapping[str, Any]
    service: RenderedTree
    gitops: RenderedTree
    repository: RepositoryPlan | None
    pull_request: PullRequestPlan
    registration: RegistrationPlan | None
    provenance: ProvenanceRecord
    skipped: tuple[str, ...] = ()


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


def render(
    scaffold: Scaffold,
    answers: Mapping[str, Any],
    *,
    user: Mapping[str, Any],
    environment: Mapping[str, str],
    now: datetime,
    recorded: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
) -> RenderedService:
    """Render both trees of a service.

    Args:
        scaffold: A usable one.
        answers: By the names of the form's fields; they are checked here.
        user: `ref`, and `entity` with at least `metadata.name`.
        environment: Values of `environment.parameters`.
        now: The only time that expressions know, as a date.
        recorded: Provenance of an earlier rendering, as JSON: layers that have not changed since get the
            very values that they had then, random ones and dates included.
        limits: Of the rendering child.

    Raises:
        AnswersInvalid: The answers do not fit the form.
        TemplateError: The scaffold cannot be rendered.
    """
    if scaffold.problem or scaffold.template is None:
        raise scaffold.problem or TemplateError("cannot be read", file=scaffold.folder.name)
    answers = validate(scaffold.form, answers)
    names = _names(scaffold, answers, user, environment, now)
    run = [step for step in scaffold.steps if _runs(step, names)]
    name = str(answers[scaffold.name_field])
    plans = _plans(run, names, name)
    if "pull_request" not in plans:
        steps = scaffold.template.place.get("spec").get("steps")
        raise steps.fault("with these answers no pull request would be opened")
    trees, records = _trees(scaffold, run, names, recorded or {}, limits)
    provenance = ProvenanceRecord(scaffold.id, scaffold.version, answers, records)
    service = provenance.beside(trees.get(SERVICE, RenderedTree()))
    return RenderedService(
        service_name=name,
        answers=answers,
        service=service,
        gitops=trees.get(GITOPS, RenderedTree()),
        provenance=provenance,
        skipped=tuple(step.name for step in scaffold.steps if step not in run),
        **plans,
    )


def _trees(
    scaffold: Scaffold,
    run: list[Step],
    names: Mapping[str, Any],
    recorded: Mapping[str, Any],
    limits: Limits | None,
) -> tuple[dict[str, RenderedTree], tuple[LayerRecord, ...]]:
    """Render every layer in one child, and lay those of one target over each other."""
    fetches = [step for step in run if step.action == FETCH_COOKIECUTTER]
    layers = [scaffold.layers[step.id] for step in fetches]
    known = {(was["layer"], was["digest"]): was["variables"] for was in recorded.get("layers", ())}
    jobs = [
        LayerJob(
            folder=layer.folder,
            given=known.get((layer.label, layer.digest)) or _values(step, names),
            label=layer.label,
            runs_code=layer.runs_code,
        )
        for step, layer in zip(fetches, layers, strict=True)
    ]
    targets = [target_of(step, "targetPath") for step in fetches]
    rendered = render_layers(jobs, limits=limits) if jobs else []
    records = tuple(
        LayerRecord(
            layer.label,
            layer.digest,
            target,
            layer.shown(result.variables),
            ran_code=layer.runs_code,
            origin=layer.origin,
        )
        for layer, target, result in zip(layers, targets, rendered, strict=True)
    )
    trees = [result.tree for result in rendered]
    return laid_over(zip(targets, trees, strict=True)), records


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
    names = _names(scaffold, answers, user, environment, now)
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


def _names(
    scaffold: Scaffold,
    answers: Mapping[str, Any],
    user: Mapping[str, Any],
    environment: Mapping[str, str],
    now: datetime,
) -> dict[str, Any]:
    return {
        "parameters": dict.fromkeys(scaffold.form.names) | dict(answers),
        "user": dict(user),
        "environment": {"parameters": dict(environment)},
        "now": now.date().isoformat(),
    }


def _runs(step: Step, names: Mapping[str, Any]) -> bool:
    try:
        return expressions.holds(step.condition, names)
    except expressions.ExpressionError as error:
        raise step.place.get("if").fault(str(error)) from error


def _values(step: Step, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return a layer's values; a question left open gives none, so that the layer's own default holds."""
    values = _evaluated(step, "values", names) or {}
    return {key: value for key, value in values.items() if value is not None}


def _evaluated(step: Step, key: str, names: Mapping[str, Any]) -> Any:
    try:
        return expressions.evaluate(step.input.get(key), names)
    except expressions.ExpressionError as error:
        raise step.place.get("input").get(key).fault(str(error)) from error


def _plans(run: list[Step], names: Mapping[str, Any], service_name: str) -> dict[str, Any]:
    plans: dict[str, Any] = {"repository": None, "registration": None}
    for step in run:

        def text(key: str, default: str = "", step: Step = step) -> str:
            value = _evaluated(step, key, names)
            return default if value is None else str(value)

        match step.action:
            case _ if step.action == PUBLISH_REPOSITORY:
                plans["repository"] = RepositoryPlan(
                    step.id, text("name", service_name), text("description")
                )
            case _ if step.action == PUBLISH_PULL_REQUEST:
                plans["pull_request"] = PullRequestPlan(step.id, text("title"), text("description"))
            case _ if step.action == REGISTER:
                default = f"services/{service_name}/catalog-info.yaml"
                plans["registration"] = RegistrationPlan(step.id, text("catalogInfoPath", default))
    return plans
