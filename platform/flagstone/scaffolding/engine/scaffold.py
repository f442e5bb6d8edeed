"""A scaffold: template.yaml, its form and its layers, checked as a whole before anybody sees it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from flagstone.scaffolding.engine.expressions import before_expressions
from flagstone.scaffolding.engine.form_reading import build_form, with_a_name
from flagstone.scaffolding.engine.forms import FieldKind, Form
from flagstone.scaffolding.engine.jobs import LayerKind
from flagstone.scaffolding.engine.layers import Layer, read_layer
from flagstone.scaffolding.engine.names import object_name_fault, slug
from flagstone.scaffolding.engine.step_actions import ACTIONS, Deed
from flagstone.scaffolding.engine.stepping import KINDS, FindLayer, is_decided_by_answers
from flagstone.scaffolding.engine.targets import PathWrong, workspace_path
from flagstone.scaffolding.engine.template import Lookup, Step, Template, parse_template
from flagstone.scaffolding.engine.yaml_source import Place
from flagstone.scaffolding.errors import TemplateError

TEMPLATE = "template.yaml"
_PATHS = ("targetPath", "sourcePath")
ENVIRONMENT = frozenset(
    {
        "argocdRepoUrl",
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
        *(f"environment.parameters.{key}" for key in ENVIRONMENT),
    }
)


@dataclass(frozen=True, slots=True)
class Scaffold:
    """A template.yaml and what it is made of.

    Args:
        id: `metadata.name` as a slug, for it stands in addresses; the folder's name when the file cannot be read.
        version: Digest over template.yaml and every layer, short.
        layers: By the id of the step that fetches them; not those whose address an answer decides.
        find: Gives those.
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
    find: FindLayer | None = field(default=None, repr=False, compare=False)
    problem: TemplateError | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.template.steps if self.template else ()

    @property
    def name_field(self) -> str:
        return self.form.name_field

    @property
    def makes_repository(self) -> bool:
        return Deed.REPOSITORY in self._deeds

    @property
    def is_change(self) -> bool:
        """Whether it makes no service, but a pull request that changes what is there."""
        opens = self._deeds & {Deed.PULL_REQUEST, Deed.ARGO_RESOURCES}
        return bool(opens) and not self._deeds & {Deed.REPOSITORY, Deed.REGISTER}

    @property
    def _deeds(self) -> set[Deed]:
        return {ACTIONS[step.action].deed for step in self.steps}

    def repository(self, answers: Mapping[str, Any]) -> str:
        """Return `owner/name` of the repository that these answers ask to be made; '' where none does."""
        return self.form.repository(answers) if self.makes_repository else ""

    @property
    def idle_code(self) -> tuple[str, ...]:
        """What its layers bring of code of their own that is not run, in words."""
        return tuple(
            word for layer in self.layers.values() if not layer.runs_code for word in layer.code
        )

    @property
    def needs_code(self) -> bool:
        """Whether nothing of it can be rendered while its code is off: its texts are in a language of its own."""
        return any(layer.extensions and not layer.runs_code for layer in self.layers.values())


def load_scaffolds(folder: Path) -> list[Scaffold]:
    """Read every scaffold below a folder, in order of title; a broken one carries its problem."""
    paths = sorted(folder.glob(f"*/{TEMPLATE}"))
    found = told_apart(_load_or_explain(path.parent, folder) for path in paths)
    return sorted(found, key=lambda scaffold: scaffold.title.lower())


def told_apart(scaffolds: Iterable[Scaffold]) -> list[Scaffold]:
    """Give each scaffold an id of its own; the second of one id carries that as its problem."""
    found: dict[str, Scaffold] = {}
    for scaffold in scaffolds:
        if earlier := found.get(scaffold.id):
            problem = scaffold.problem or TemplateError(
                f"the scaffold '{scaffold.id}' is defined in {earlier.folder.name} already",
                file=scaffold.template.place.file if scaffold.template else scaffold.id,
            )
            other = replace(_broken(scaffold.folder, problem), id=_free(scaffold.id, found))
            found[other.id] = other
        else:
            found[scaffold.id] = scaffold
    return list(found.values())


def _free(taken: str, among: Collection[str]) -> str:
    return next(wish for n in count(2) if (wish := f"{taken}-{n}") not in among)


def _load_or_explain(folder: Path, root: Path) -> Scaffold:
    try:
        return load_scaffold(folder, root=root)
    except TemplateError as problem:
        return _broken(folder, problem)


def _broken(folder: Path, problem: TemplateError) -> Scaffold:
    return Scaffold(
        id=slug(folder.name) or folder.name, folder=folder, title=folder.name, problem=problem
    )


def load_scaffold(folder: Path, *, root: Path, runs_code: bool = False) -> Scaffold:
    """Read one scaffold.

    Args:
        folder: Holds template.yaml.
        root: The scaffolds' folder; layers are taken from below it only.
        runs_code: Whether hooks and extensions of its layers are run, in a jail.

    Raises:
        TemplateError: With file and line.
    """
    return build_scaffold(
        (folder / TEMPLATE).read_bytes(),
        folder=folder,
        label=f"{folder.name}/{TEMPLATE}",
        find=lambda place, url, kind: layer_below(
            place, url, kind, folder=folder, root=root, runs_code=runs_code
        ),
    )


def build_scaffold(
    content: bytes, *, folder: Path, label: str, find: FindLayer, name: str = ""
) -> Scaffold:
    """Make a scaffold of a template.yaml.

    Args:
        content: Of the template.yaml.
        folder: Where it lies.
        label: How errors call it.
        find: Gives the layer that the `url` of a step names.
        name: What it is called here; its own name without one, as a slug.

    Raises:
        TemplateError: With file and line.
    """
    template = parse_template(content, label=label)
    if fault := object_name_fault(template.name):
        raise template.place.get("metadata").get("name").fault(f"metadata.name: {fault}")
    form = with_a_name(build_form(template.pages))
    layers = dict(_layers(template, find))
    for lookup in template.lookups:
        _check_lookup(lookup, template, form)
    digest = hashlib.sha256(content)
    for step_id, layer in sorted(layers.items()):
        code = "\0code" if layer.runs_code else ""
        digest.update(f"{step_id}\0{layer.label}\0{layer.digest}{code}\n".encode())
    return Scaffold(
        id=name or slug(template.name),
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
        find=find,
    )


def layer_below(
    place: Place,
    url: str,
    kind: LayerKind,
    *,
    folder: Path,
    root: Path,
    runs_code: bool = False,
) -> Layer:
    """Read the layer that a step names by a path.

    Args:
        place: Where it stands.
        url: The path, from the folder of the template.yaml.
        kind: What it is.
        folder: Of the template.yaml.
        root: Layers are taken from below it only.
        runs_code: Whether its hooks and extensions are run.

    Raises:
        TemplateError: It leads out, or nowhere.
    """
    if "://" in url:
        raise place.fault(
            "url must name a folder beside the template, such as ./skeleton or ../paved-path; "
            "what lies elsewhere is not fetched while a service is made"
        )
    found, base = (folder / url).resolve(), root.resolve()
    if not found.is_relative_to(base) or (found == base and base != folder.resolve()):
        raise place.fault(f"url '{url}' leads out of the scaffolds' folder")
    if not found.is_dir():
        raise place.fault(f"url '{url}' names a folder that is not there")
    label = found.relative_to(base).as_posix()
    return read_layer(
        found,
        label=base.name if label == "." else label,
        kind=kind,
        runs_code=runs_code and kind is LayerKind.COOKIECUTTER,
    )


def _layers(template: Template, find: FindLayer) -> Iterator[tuple[str, Layer]]:
    """Yield the layers that can be read now; of one whose address an answer decides, the folder that all lie in."""
    for step in template.steps:
        given = step.place.get("input")
        _check_paths(given)
        kind = KINDS.get(ACTIONS[step.action].deed)
        if kind is None:
            continue
        place = given.get("url")
        url, is_open = place.text(), is_decided_by_answers(place)
        if is_open:
            url, kind = before_expressions(url).rpartition("/")[0] or ".", LayerKind.PLAIN
        yield step.id, find(place, url, kind)


def _check_paths(given: Place) -> None:
    for key in _PATHS:
        place = given.get(key)
        if isinstance(place.value, str) and not is_decided_by_answers(place):
            try:
                workspace_path(place.value)
            except PathWrong as error:
                raise place.fault(f"{key} {error}") from error


def _check_lookup(lookup: Lookup, template: Template, form: Form) -> None:
    if not _is_known(lookup, template, form):
        raise lookup.place.fault(f"'{lookup.name}' does not exist here")
    key = lookup.name.removeprefix("parameters.")
    secrets = {field.name for field in form.fields if field.kind is FieldKind.SECRET}
    is_secret = lookup.name.startswith("secrets.") or (key != lookup.name and key in secrets)
    if is_secret and not lookup.is_secret_here:
        raise lookup.place.fault(
            f"'{lookup.name}' is a secret: what is written here is kept, "
            "so it may only stand where a step takes a token"
        )


def _is_known(lookup: Lookup, template: Template, form: Form) -> bool:
    first, _, rest = lookup.name.partition(".")
    match first:
        case "parameters":
            return not rest or rest in form.names or rest.split(".")[0] in form.names
        case "steps":
            return _is_output(lookup, template)
        case "each":
            return lookup.in_each and rest.split(".")[0] in ("", "key", "value")
        case "secrets":
            return bool(rest)
        case "user":
            return rest in ("", "ref", "entity") or rest.startswith("entity.")
        case _:
            return any(name == lookup.name or name.startswith(f"{lookup.name}.") for name in _NAMES)


def _is_output(lookup: Lookup, template: Template) -> bool:
    parts = lookup.name.split(".")
    step = next((s for s in template.steps[: lookup.before] if s.id in parts[1:2]), None)
    if step is None or parts[2:3] not in ([], ["output"]):
        return False
    action = ACTIONS[step.action]
    key = parts[3] if len(parts) > 3 else ""
    return not key or key in action.outputs or (lookup.is_last and key in action.later)
