"""From a template's steps and somebody's answers to what is to be done: nothing is rendered or written here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flagstone.scaffolding.engine import expressions
from flagstone.scaffolding.engine.argo_resources import argo_resources
from flagstone.scaffolding.engine.filters import shown
from flagstone.scaffolding.engine.jobs import LayerKind
from flagstone.scaffolding.engine.layers import Layer
from flagstone.scaffolding.engine.plans import PullRequestPlan, RegistrationPlan, RepositoryPlan
from flagstone.scaffolding.engine.step_actions import ACTIONS, Action, Deed
from flagstone.scaffolding.engine.step_inputs import Inputs, as_json, as_yaml
from flagstone.scaffolding.engine.targets import GITOPS, SERVICE, PathWrong
from flagstone.scaffolding.engine.template import Step
from flagstone.scaffolding.engine.workspace import Add, Delete, Edit, Take, Write
from flagstone.scaffolding.engine.yaml_source import Place

MOST_DEEDS = 300
LONGEST_LINE = 2000
MOST_LINES = 1000
KINDS = {
    Deed.FETCH_COOKIECUTTER: LayerKind.COOKIECUTTER,
    Deed.FETCH_SKELETON: LayerKind.SKELETON,
    Deed.FETCH_PLAIN: LayerKind.PLAIN,
}
# what these give is known, or true, once the run has done them
_OUTSIDE = frozenset({Deed.REPOSITORY, Deed.PULL_REQUEST, Deed.REGISTER})
_OPTIONS = (
    "copyWithoutRender", "copyWithoutTemplating", "cookiecutterCompat", "templateFileExtension", "trimBlocks",
    "lstripBlocks", "extensions",
)  # fmt: skip
CATALOG_FILE = "catalog-info.yaml"

FindLayer = Callable[[Place, str, LayerKind], Layer]
"""Gives the layer that the `url` of a step names."""
Foretell = Callable[[RepositoryPlan], Mapping[str, str]]
"""Tells what making a repository will give: `remoteUrl` and `repoContentsUrl`."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """A layer to render, or to copy, into a folder of the workspace."""

    layer: Layer
    target: str
    given: Mapping[str, Any]
    options: Mapping[str, Any]
    replace: bool = True
    place: Place = field(repr=False, compare=False, default=Place("", None))


@dataclass(frozen=True, slots=True)
class Edited:
    """Something that is done to the workspace, and the step that asks for it."""

    edit: Edit
    place: Place = field(repr=False, compare=False)


@dataclass(slots=True)
class Steps:
    """What the steps come to.

    Args:
        deeds: In their order.
        log: What `debug:log` says, and what inputs have no effect.
        skipped: Names of the steps whose `if` was false.
        outputs: What steps gave that need nobody else to give it, by their id.
    """

    deeds: list[Fetch | Edited] = field(default_factory=list)
    repository: RepositoryPlan | None = None
    pull_request: PullRequestPlan | None = None
    registration: RegistrationPlan | None = None
    log: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)


def is_decided_by_answers(place: Place) -> bool:
    """Tell whether an expression stands there, so that its value is known when there are answers only."""
    text = place.text()
    return expressions.before_expressions(text) != text


def take_steps(
    steps: tuple[Step, ...],
    names: Mapping[str, Any],
    *,
    service_name: str,
    layers: Mapping[str, Layer],
    find: FindLayer,
    foretell: Foretell,
) -> Steps:
    """Evaluate each step with what is known by then.

    Args:
        steps: Of the template.
        names: What expressions may read, without `steps`.
        service_name: As it was answered.
        layers: Those that are read already, by the id of the step that fetches them.
        find: Gives those whose address an answer decides.
        foretell: Tells what a repository will be like.

    Raises:
        TemplateError: A step cannot be taken with these answers, with file and line.
    """
    walk = _Walk(service_name, layers, find, foretell, {**names, "steps": {}})
    for step in steps:
        walk.take(step)
    return walk.found


@dataclass(slots=True)
class _Walk:
    service_name: str
    layers: Mapping[str, Layer]
    find: FindLayer
    foretell: Foretell
    names: dict[str, Any]
    found: Steps = field(default_factory=Steps)
    forgone: set[str] = field(default_factory=set)
    acts: int = 0

    def take(self, step: Step) -> None:
        if not self._holds(step):
            self.found.skipped.append(self._name(step))
            return
        if step.each is None:
            outputs: dict[str, Any] = self._act(step)
        else:
            outputs = {}
            for key, value in self._entries(step):
                self.names["each"] = {"key": key, "value": value}
                for name, given in self._act(step).items():
                    outputs.setdefault(name, []).append(given)
            self.names.pop("each", None)
        self.names["steps"][step.id] = {"output": outputs}
        if outputs and ACTIONS[step.action].deed not in _OUTSIDE:
            self.found.outputs[step.id] = outputs

    def _name(self, step: Step) -> str:
        try:
            return str(shown(expressions.evaluate(step.name, self.names))) or step.id
        except expressions.ExpressionError:
            return step.name_before_answers

    def _holds(self, step: Step) -> bool:
        try:
            return expressions.holds(step.condition, self.names)
        except expressions.ExpressionError as error:
            raise step.place.get("if").fault(str(error)) from error

    def _entries(self, step: Step) -> Iterator[tuple[Any, Any]]:
        place = step.place.get("each")
        value = self._value(step.each, place)
        if isinstance(value, dict):
            yield from value.items()
        elif isinstance(value, list):
            yield from enumerate(value)
        elif value is not None:
            raise place.fault("each must give a list or a mapping")

    def _act(self, step: Step) -> dict[str, Any]:
        self.acts += 1
        if max(self.acts, len(self.found.deeds)) > MOST_DEEDS:
            raise step.place.fault(f"the steps come to more than {MOST_DEEDS} deeds")
        action = ACTIONS[step.action]
        given = Inputs(
            step,
            {
                key: self._value(value, step.place.get("input").get(key))
                for key, value in step.input.items()
                if key not in action.left_out
            },
        )
        self._tell_left_out(step, action)
        match action.deed:
            case Deed.FETCH_COOKIECUTTER | Deed.FETCH_SKELETON | Deed.FETCH_PLAIN:
                return self._fetch(given, KINDS[action.deed])
            case Deed.REPOSITORY:
                return self._repository(given, action)
            case Deed.PULL_REQUEST:
                return self._pull_request(given, action)
            case Deed.ARGO_RESOURCES:
                return self._argo_resources(given)
            case Deed.REGISTER:
                return self._register(given)
            case Deed.LOG:
                return self._log(given)
            case _:
                return self._edit(given, action.deed)

    def _value(self, value: Any, place: Place) -> Any:
        try:
            return expressions.evaluate(value, self.names)
        except expressions.ExpressionError as error:
            raise place.fault(str(error)) from error

    def _tell_left_out(self, step: Step, action: Action) -> None:
        words = sorted(action.left_out & set(step.input) - {"token"})
        if words and step.id not in self.forgone:
            self.forgone.add(step.id)
            self.found.log.append(
                f"{self._name(step)}: {', '.join(words)} {'has' if len(words) == 1 else 'have'} no effect here; "
                "the code host's own rules hold."
            )

    def _fetch(self, given: Inputs, kind: LayerKind) -> dict[str, Any]:
        place = given.place("url")
        layer = (
            self.find(place, given.text("url"), kind)
            if is_decided_by_answers(place)
            else self.layers[given.step.id]
        )
        values = given.mapping("values")
        if kind is LayerKind.COOKIECUTTER:
            # a question that was left open gives no value, so that the layer's own default holds
            values = {key: value for key, value in values.items() if value is not None}
        self.found.deeds.append(
            Fetch(
                layer=layer,
                target=given.path("targetPath"),
                given={} if kind is LayerKind.PLAIN else values,
                options={
                    key: given.values[key] for key in _OPTIONS if given.values.get(key) is not None
                },
                replace=kind is not LayerKind.SKELETON or bool(given.values.get("replace")),
                place=place,
            )
        )
        return {}

    def _edit(self, given: Inputs, deed: Deed) -> dict[str, Any]:
        match deed:
            case Deed.SERIALIZE_YAML:
                return {"serialized": as_yaml(given.values.get("data"), given.mapping("options"))}
            case Deed.SERIALIZE_JSON:
                space = given.values.get("space")
                return {"serialized": as_json(given.values.get("data"), space)}
            case Deed.WRITE:
                path = given.path("path", is_file=True)
                self._do(Write(path, str(shown(given.values.get("content")))), given.step.place)
                return {"path": path}
            case Deed.WRITE_ENTITY:
                path = given.path("filePath", default=CATALOG_FILE, is_file=True)
                self._do(Write(path, as_yaml(given.values.get("entity"), {})), given.step.place)
            case Deed.DELETE:
                self._do(Delete(given.patterns("files")), given.step.place)
            case Deed.RENAME:
                for move in given.moves("files"):
                    self._do(move, given.step.place)
        return {}

    def _do(self, edit: Edit, place: Place) -> None:
        self.found.deeds.append(Edited(edit, place))

    def _log(self, given: Inputs) -> dict[str, Any]:
        words = [
            str(shown(given.values[key])) for key in ("message", "extra") if key in given.values
        ]
        lines = [line[:LONGEST_LINE] for word in words for line in word.splitlines()]
        room = MOST_LINES - len(self.found.log)
        if 0 < room < len(lines):
            lines[room - 1 :] = ["What the steps say after this is left out."]
        self.found.log += lines[: max(room, 0)]
        if given.values.get("listWorkspace"):
            self.found.log.append("The files of the workspace are listed in the preview.")
        return {}

    def _repository(self, given: Inputs, action: Action) -> dict[str, Any]:
        if self.found.repository:
            raise given.step.place.get("action").fault(
                "with these answers a second repository would be made; a run makes one"
            )
        description = given.text("description")
        if action.is_gitops:
            plan = RepositoryPlan(given.step.id, given.text("name", self.service_name), description)
            folder = given.path("sourcePath", default=SERVICE)
        else:
            host, owner, name = given.repository("repoUrl")
            plan = RepositoryPlan(given.step.id, name, description, owner=owner, host=host)
            folder = given.path("sourcePath")
        foretold = dict(self.foretell(plan))
        self.found.repository = replace(plan, contents_url=foretold.get("repoContentsUrl", ""))
        self._do(Take(SERVICE, folder), given.step.place)
        return {key: value for key, value in foretold.items() if key in action.outputs}

    def _pull_request(self, given: Inputs, action: Action) -> dict[str, Any]:
        if self.found.pull_request:
            raise given.step.place.get("action").fault(
                "with these answers a second pull request would be opened; a run opens one"
            )
        plan = PullRequestPlan(given.step.id, given.text("title"), given.text("description"))
        if not action.is_gitops:
            host, owner, name = given.repository("repoUrl")
            plan = replace(plan, repository=f"{owner}/{name}", host=host)
        self.found.pull_request = plan
        folder = given.path("sourcePath", default=GITOPS if action.is_gitops else "")
        into = given.path("targetPath")
        if not action.is_gitops and "targetPath" not in given.step.input and folder:
            into = folder  # as Backstage does: without a target, files stay where they were
        self._do(Take(GITOPS, folder, into), given.step.place)
        return {}

    def _argo_resources(self, given: Inputs) -> dict[str, Any]:
        application = given.text("appName")
        try:
            words = {key: str(shown(value)) for key, value in given.values.items()}
            files = list(argo_resources(words))
        except PathWrong as error:
            raise given.step.place.get("input").fault(str(error)) from error
        for path, content in files:
            self._do(Add(GITOPS, path, content), given.step.place)
        if self.found.pull_request is None:
            self.found.pull_request = PullRequestPlan(
                given.step.id, f"Add the Argo CD application {application}", ""
            )
        return {}

    def _register(self, given: Inputs) -> dict[str, Any]:
        if self.found.registration:
            raise given.step.place.get("action").fault(
                "with these answers a second file would be registered; a run registers one"
            )
        made = self.found.repository
        address = given.text("repoContentsUrl") or given.text("catalogInfoUrl")
        tree, path = GITOPS, given.path("catalogInfoPath", is_rooted=True)
        if address:
            if made is None or not made.contents_url or not address.startswith(made.contents_url):
                raise given.step.place.fault(
                    "only a file that this run makes can be registered: give 'repoContentsUrl' the output of the "
                    "step that makes the repository"
                )
            rest = address.removeprefix(made.contents_url).strip("/")
            tree, path = SERVICE, path or rest or CATALOG_FILE
        self.found.registration = RegistrationPlan(
            given.step.id, path or f"services/{self.service_name}/{CATALOG_FILE}", tree
        )
        return {"entityRef": f"component:default/{self.service_name}"}
