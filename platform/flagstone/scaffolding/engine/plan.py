"""One use of a scaffold: its steps with the answers filled in, and the two trees that come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from flagstone.core.hidden_characters import written_out
from flagstone.scaffolding.engine.again import replayed
from flagstone.scaffolding.engine.answers import validate
from flagstone.scaffolding.engine.catalog_file import component_in
from flagstone.scaffolding.engine.jobs import LayerJob, Limits, Occasion, RenderedLayer
from flagstone.scaffolding.engine.keepable import keeping_fault
from flagstone.scaffolding.engine.known_names import known_names
from flagstone.scaffolding.engine.layers import Layer
from flagstone.scaffolding.engine.plans import PullRequestPlan, RegistrationPlan, RepositoryPlan
from flagstone.scaffolding.engine.provenance import EditRecord, LayerRecord, ProvenanceRecord
from flagstone.scaffolding.engine.rendering import render_layers
from flagstone.scaffolding.engine.scaffold import Scaffold
from flagstone.scaffolding.engine.stepping import (
    LONGEST_LINE,
    Edited,
    Fetch,
    Foretell,
    Steps,
    take_steps,
)
from flagstone.scaffolding.engine.targets import GITOPS, SERVICE
from flagstone.scaffolding.engine.trees import RenderedTree
from flagstone.scaffolding.engine.workspace import NothingThere, Take, Workspace
from flagstone.scaffolding.errors import TemplateError

# a layer's variables lie some levels deep in what is kept
_MOST_DEPTH = 60
_MOST_NAMED = 5
# what a scaffold of the paved path takes: then provenance need not say it
_USUAL = (Take(SERVICE, SERVICE), Take(GITOPS, GITOPS))
# lines of one layer's hooks
_MOST_SAID = 50


@dataclass(frozen=True, slots=True)
class RenderedService:
    """Everything a run needs to know to act; nothing has been written yet.

    Args:
        service_name: As it was answered.
        answers: Complete and checked.
        service: The service's own repository, empty when the scaffold makes none.
        gitops: What is laid over the root of the repository of the pull request, mostly the GitOps repository.
        layers: What was rendered or copied.
        skipped: Names of the steps whose `if` was false.
        log: What the steps say.
        outputs: What steps gave by now, by their id.
    """

    service_name: str
    answers: Mapping[str, Any]
    service: RenderedTree
    gitops: RenderedTree
    repository: RepositoryPlan | None
    pull_request: PullRequestPlan | None
    registration: RegistrationPlan | None
    provenance: ProvenanceRecord
    layers: tuple[Layer, ...] = ()
    skipped: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def render(
    scaffold: Scaffold,
    answers: Mapping[str, Any],
    *,
    user: Mapping[str, Any],
    environment: Mapping[str, str],
    now: datetime,
    recorded: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    foretell: Foretell | None = None,
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
        foretell: Tells what making a repository will give; without a code host, addresses that lead nowhere.

    Raises:
        AnswersInvalid: The answers do not fit the form.
        TemplateError: The scaffold cannot be rendered.
    """
    if scaffold.problem or scaffold.template is None or scaffold.find is None:
        raise scaffold.problem or TemplateError("cannot be read", file=scaffold.folder.name)
    answers = validate(scaffold.form, answers, secrets_needed=False)
    name = scaffold.form.service_name(answers)
    steps = take_steps(
        scaffold.steps,
        known_names(scaffold, answers, user, environment, now),
        service_name=name,
        layers=scaffold.layers,
        find=scaffold.find,
        foretell=foretell or _somewhere,
    )
    fetches = [deed for deed in steps.deeds if isinstance(deed, Fetch)]
    occasion = _occasion(recorded or {}, now)
    rendered = _rendered(fetches, recorded or {}, occasion, limits)
    provenance = ProvenanceRecord(
        scaffold.id,
        scaffold.version,
        scaffold.form.without_secrets(answers),
        tuple(_record(fetch, result) for fetch, result in zip(fetches, rendered, strict=True)),
        tuple(_edits(steps)),
        occasion if any(result.by_chance for result in rendered) else None,
    )
    _refuse_unkeepable(provenance, steps)
    workspace = _replayed(provenance, rendered, steps)
    trees = workspace.filled_trees
    return RenderedService(
        service_name=name,
        answers=provenance.answers,
        service=provenance.beside(trees.get(SERVICE, RenderedTree())),
        gitops=trees.get(GITOPS, RenderedTree()),
        repository=steps.repository,
        pull_request=steps.pull_request,
        registration=_named(steps.registration, trees),
        provenance=provenance,
        layers=tuple(fetch.layer for fetch in fetches),
        skipped=tuple(steps.skipped),
        log=(*steps.log, *_said(rendered, fetches), *_told_left_over(workspace, steps)),
        outputs=steps.outputs,
    )


def _said(rendered: list[RenderedLayer], fetches: list[Fetch]) -> Iterator[str]:
    """Yield the end of what hooks printed, as lines of a log."""
    for fetch, result in zip(fetches, rendered, strict=True):
        for line in [line for line in result.said.splitlines() if line.strip()][-_MOST_SAID:]:
            yield f"{fetch.layer.label} says: {written_out(line)[:LONGEST_LINE]}"


def _named(
    plan: RegistrationPlan | None, trees: Mapping[str, RenderedTree]
) -> RegistrationPlan | None:
    """Read what the catalogue file calls the service; whatever else is wrong with it, the catalogue tells."""
    if plan is None:
        return None
    file = trees.get(plan.tree, RenderedTree()).files.get(plan.path)
    return replace(plan, entity_ref=component_in(file.content) if file else "")


def _refuse_unkeepable(provenance: ProvenanceRecord, steps: Steps) -> None:
    """Expressions may compute what no answer may be; a run keeps all of this."""
    plans = (steps.repository, steps.pull_request, steps.registration)
    kept = [provenance.as_json(), steps.outputs, steps.log, *(asdict(p) for p in plans if p)]
    if fault := keeping_fault(kept, most_depth=_MOST_DEPTH):
        raise TemplateError(f"what its steps come to {fault}", file=provenance.scaffold)


def _somewhere(plan: RepositoryPlan) -> dict[str, str]:
    """Foretell without a code host: addresses that only tell which repository is meant."""
    full_name = "/".join(filter(None, (plan.owner, plan.name)))
    place = f"https://{plan.host or 'code-host.invalid'}/{full_name}"
    return {"repository": full_name, "remoteUrl": f"{place}.git", "repoContentsUrl": place}


def _rendered(
    fetches: list[Fetch],
    recorded: Mapping[str, Any],
    occasion: Occasion,
    limits: Limits | None,
) -> list[RenderedLayer]:
    """Render every layer in one child; what has not changed since gets the values that it had then."""
    known = _Known(recorded)
    jobs = [
        LayerJob(
            folder=fetch.layer.folder,
            given=known.values_of(fetch) or fetch.given,
            label=fetch.layer.label,
            runs_code=fetch.layer.runs_code,
            kind=fetch.layer.kind,
            options=fetch.options,
            address=fetch.layer.address,
            occasion=occasion,
        )
        for fetch in fetches
    ]
    return render_layers(jobs, limits=limits) if jobs else []


class _Known:
    """The values of an earlier rendering, in turn: one layer may be fetched several times, each with its own."""

    def __init__(self, recorded: Mapping[str, Any]) -> None:
        self._waiting: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
        for was in recorded.get("layers", ()):
            place = (was["layer"], was["digest"], was["target"])
            self._waiting.setdefault(place, []).append(was["variables"])

    def values_of(self, fetch: Fetch) -> Mapping[str, Any] | None:
        waiting = self._waiting.get((fetch.layer.label, fetch.layer.digest, fetch.target))
        return waiting.pop(0) if waiting else None


def _occasion(recorded: Mapping[str, Any], now: datetime) -> Occasion:
    """Return that of the earlier rendering, or a new one."""
    earlier = recorded.get("occasion")
    return Occasion(**earlier) if earlier else Occasion.of(now)


def _record(fetch: Fetch, result: RenderedLayer) -> LayerRecord:
    layer = fetch.layer
    return LayerRecord(
        layer.label,
        layer.digest,
        fetch.target,
        layer.shown(result.variables),
        kind=layer.kind,
        options=fetch.options,
        replace=fetch.replace,
        ran_code=layer.runs_code,
        origin=layer.origin,
    )


def _edits(steps: Steps) -> list[EditRecord]:
    found, layers = [], 0
    for deed in steps.deeds:
        if isinstance(deed, Fetch):
            layers += 1
        else:
            found.append(EditRecord(layers, deed.edit))
    is_usual = all(record.after == layers and record.edit in _USUAL for record in found)
    return [] if is_usual and len(found) == len(_USUAL) else found


def _told_left_over(workspace: Workspace, steps: Steps) -> Iterator[str]:
    """Say which files vanish when the run is over: no step takes them."""
    published = [
        tree for tree, plan in ((SERVICE, steps.repository), (GITOPS, steps.pull_request)) if plan
    ]
    if paths := workspace.left_over(published):
        named = ", ".join(paths[:_MOST_NAMED])
        more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
        are = "file is" if len(paths) == 1 else "files are"
        yield f"{len(paths)} {are} published by no step: {named}{more}."


def _replayed(
    provenance: ProvenanceRecord, rendered: list[RenderedLayer], steps: Steps
) -> Workspace:
    try:
        return replayed(provenance, [result.tree for result in rendered])
    except NothingThere as error:
        edited = (deed for deed in steps.deeds if isinstance(deed, Edited))
        place = next(deed.place for deed in edited if deed.edit is error.edit)
        raise place.get("input").fault(str(error)) from error
