"""A scaffold: template.yaml, its form and its layers, checked as a whole before anybody sees it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flagstone.scaffolding.engine.form_reading import build_form
from flagstone.scaffolding.engine.forms import Form
from flagstone.scaffolding.engine.layers import Layer, read_layer
from flagstone.scaffolding.engine.names import name_fault
from flagstone.scaffolding.engine.template import (
    ACTIONS,
    FETCH_COOKIECUTTER,
    PUBLISH_PULL_REQUEST,
    PUBLISH_REPOSITORY,
    REGISTER,
    Lookup,
    Step,
    Template,
    parse_template,
)
from flagstone.scaffolding.engine.yaml_source import Place
from flagstone.scaffolding.errors import TemplateError

FindLayer = Callable[[Place], Layer]
TEMPLATE = "template.yaml"
SERVICE, GITOPS = "service", "gitops"
_ORDER = (FETCH_COOKIECUTTER, PUBLISH_REPOSITORY, PUBLISH_PULL_REQUEST, REGISTER)
ENVIRONMENT = frozenset(
    {
        "flagstoneUrl",
        "gitopsBranch",
        "gitopsRepository",
        "gitopsUrl",
        "serviceRepository",
        "serviceUrl",
    }
)
_NAMES = frozenset(
    {
        "now",
        "user.ref",
        "user.entity.metadata.name",
        *(f"environment.parameters.{key}" for key in ENVIRONMENT),
    }
)


@dataclass(frozen=True, slots=True)
class Scaffold:
    """A template.yaml and what it is made of.

    Args:
        id: `metadata.name`; the folder's name when the file cannot be read.
        version: Digest over template.yaml and every layer, short.
        layers: By the id of the step that fetches them.
        problem: Why it cannot be used, None when it can.
    """

    id: str
    folder: Path
    title: str
    description: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    type: str = ""
    version: str = ""
    form: Form = field(default_factory=Form)
    layers: dict[str, Layer] = field(default_factory=dict)
    template: Template | None = field(default=None, repr=False)
    problem: TemplateError | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.template.steps if self.template else ()

    @property
    def name_field(self) -> str:
        return self.form.name_field

    @property
    def idle_code(self) -> tuple[str, ...]:
        """What its layers bring of code of their own that is not run, in words."""
        return tuple(
            word for layer in self.layers.values() if not layer.runs_code for word in layer.code
        )


def load_scaffolds(folder: Path) -> list[Scaffold]:
    """Read every scaffold below a folder, in order of title; a broken one carries its problem."""
    found: dict[str, Scaffold] = {}
    for path in sorted(folder.glob(f"*/{TEMPLATE}")):
        scaffold = _load_or_explain(path.parent, folder)
        if earlier := found.get(scaffold.id):
            problem = TemplateError(
                f"the scaffold '{scaffold.id}' is defined in {earlier.folder.name} already",
                file=f"{path.parent.name}/{TEMPLATE}",
            )
            scaffold = _broken(path.parent, problem)
        found[scaffold.id] = scaffold
    return sorted(found.values(), key=lambda scaffold: scaffold.title.lower())


def _load_or_explain(folder: Path, root: Path) -> Scaffold:
    try:
        return load_scaffold(folder, root=root)
    except TemplateError as problem:
        return _broken(folder, problem)


def _broken(folder: Path, problem: TemplateError) -> Scaffold:
    return Scaffold(id=folder.name, folder=folder, title=folder.name, problem=problem)


def load_scaffold(folder: Path, *, root: Path) -> Scaffold:
    """Read one scaffold.

    Args:
        folder: Holds template.yaml.
        root: The scaffolds' folder; layers are taken from below it only.

    Raises:
        TemplateError: With file and line.
    """
    return build_scaffold(
        (folder / TEMPLATE).read_bytes(),
        folder=folder,
        label=f"{folder.name}/{TEMPLATE}",
        find=lambda place: _layer_below(place, folder, root),
    )


def build_scaffold(content: bytes, *, folder: Path, label: str, find: FindLayer) -> Scaffold:
    """Make a scaffold of a template.yaml.

    Args:
        content: Of the template.yaml.
        folder: Where it lies.
        label: How errors call it.
        find: Gives the layer that the `url` of a step names.

    Raises:
        TemplateError: With file and line.
    """
    template = parse_template(content, label=label)
    if fault := name_fault(template.name):
        raise template.place.get("metadata").get("name").fault(f"metadata.name: {fault}")
    form = build_form(template.pages)
    if not form.name_field:
        raise template.place.get("spec").fault(
            "no question asks for the service's name: give one 'ui:field: EntityNamePicker'"
        )
    layers = dict(_layers(template, find))
    _check_order(template)
    for lookup in template.lookups:
        _check_lookup(lookup, template, form)
    digest = hashlib.sha256(content)
    for step_id, layer in sorted(layers.items()):
        code = "\0code" if layer.runs_code else ""
        digest.update(f"{step_id}\0{layer.label}\0{layer.digest}{code}\n".encode())
    return Scaffold(
        id=template.name,
        folder=folder,
        title=template.title,
        description=template.description,
        tags=template.tags,
        owner=template.owner,
        type=template.type,
        version=digest.hexdigest()[:12],
        form=form,
        layers=layers,
        template=template,
    )


def target_of(step: Step, key: str) -> str:
    """Return which tree a step's folder input means: `service` or `gitops`."""
    default = GITOPS if step.action == PUBLISH_PULL_REQUEST else SERVICE
    place = step.place.get("input").get(key)
    target = place.text(default).removeprefix("./").rstrip("/")
    if target not in (SERVICE, GITOPS):
        raise place.fault(f"{key} must be ./{SERVICE} or ./{GITOPS}, not '{place.value}'")
    return target


def _layers(template: Template, find: FindLayer) -> Iterator[tuple[str, Layer]]:
    for step in template.steps:
        if step.action != FETCH_COOKIECUTTER:
            target_of(step, "sourcePath")
            continue
        target_of(step, "targetPath")
        layer = find(step.place.get("input").get("url"))
        for key, value in step.place.get("input").get("values").items():
            if key not in layer.variables:
                raise value.fault(f"{layer.label}/cookiecutter.json has no variable '{key}'")
        yield step.id, layer


def _layer_below(place: Place, folder: Path, root: Path) -> Layer:
    url = place.text()
    if "${{" in url or "://" in url:
        raise place.fault(
            "url must name a folder of the scaffolds, such as ./service or ../paved-path"
        )
    found, base = (folder / url).resolve(), root.resolve()
    if not found.is_relative_to(base) or found == base:
        raise place.fault(f"url '{url}' leads out of the scaffolds' folder")
    if not found.is_dir():
        raise place.fault(f"url '{url}' names a folder that is not there")
    return read_layer(found, label=found.relative_to(base).as_posix())


def _check_order(template: Template) -> None:
    """Hold the order that a run can undo: render all, then publish, then register."""
    latest = 0
    for step in template.steps:
        rank = _ORDER.index(step.action)
        if rank < latest or (rank == latest and rank > 0):
            raise step.place.get("action").fault(
                f"step '{step.id}' comes too late or twice: the order is {', '.join(_ORDER)}"
            )
        latest = rank
    if not any(step.action == PUBLISH_PULL_REQUEST for step in template.steps):
        place = template.place.get("spec").get("steps")
        raise place.fault(f"no step is {PUBLISH_PULL_REQUEST}, so no service would ever run")


def _check_lookup(lookup: Lookup, template: Template, form: Form) -> None:
    name = lookup.name
    known = name in _NAMES or any(entry.startswith(f"{name}.") for entry in _NAMES)
    if name.startswith("parameters."):
        key = name.removeprefix("parameters.")
        known = key in form.names or key.split(".")[0] in form.names
    elif name.startswith("steps."):
        known = _is_output(name, template, lookup.before)
    elif name == "parameters":
        known = True
    if not known:
        raise lookup.place.fault(f"'{name}' does not exist here")


def _is_output(name: str, template: Template, before: int) -> bool:
    parts = name.split(".")
    step = next((s for s in template.steps[:before] if s.id == parts[1]), None)
    if step is None or len(parts) < 4 or parts[2] != "output":
        return False
    return parts[3] in ACTIONS[step.action].outputs
