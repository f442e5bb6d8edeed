"""From a repository of others to scaffolds: one for each template that it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from flagstone.scaffolding.engine.cookiecutter_form import ENTRY_URL, Described, template_of
from flagstone.scaffolding.engine.cookiecutter_json import (
    SETTINGS,
    Found,
    cookiecutters_in,
    declared_in,
)
from flagstone.scaffolding.engine.jobs import LayerKind
from flagstone.scaffolding.engine.layers import Layer, Origin, read_layer
from flagstone.scaffolding.engine.names import slug
from flagstone.scaffolding.engine.scaffold import (
    TEMPLATE,
    Scaffold,
    build_scaffold,
    layer_below,
    told_apart,
)
from flagstone.scaffolding.engine.stepping import FindLayer
from flagstone.scaffolding.engine.yaml_source import Place
from flagstone.scaffolding.errors import TemplateError

_MOST_DEPTH = 4
_MOST_TEMPLATES = 100


@dataclass(frozen=True, slots=True)
class Source:
    """A folder with somebody's templates: cookiecutter's, or Backstage's with a template.yaml.

    Args:
        id: Of the scaffold; those of nested templates begin with it.
        title: How people call it.
        folder: Holds cookiecutter.json or template.yaml, or folders with a template.yaml.
        description: What it makes.
        origin: Where it was fetched from.
        runs_code: Whether its hooks and extensions are run, in a jail.
        is_titled: Somebody chose the title, so that it holds for a template that has one of its own, too.
    """

    id: str
    title: str
    folder: Path
    description: str = ""
    origin: Origin | None = None
    runs_code: bool = False
    is_titled: bool = False


def scaffolds_of(source: Source, *, entry: Path) -> list[Scaffold]:
    """Return the scaffolds of a source, one with its problem where it cannot be used.

    Args:
        source: Whose they are.
        entry: The layer that writes what the catalogue reads of the new service.
    """
    if written := template_files(source.folder):
        is_one = len(written) == 1
        return told_apart(_written(source, path, is_one=is_one) for path in written)
    try:
        found = cookiecutters_in(source.folder, source.id)
    except TemplateError as problem:
        return [_broken(source.id, source.title, source, problem)]
    return told_apart(_scaffold(source, one, entry) for one in found)


def template_files(folder: Path) -> list[Path]:
    """Return the template.yaml files of a folder: its own, or else those of the folders in it."""
    if (folder / TEMPLATE).is_file():
        return [folder / TEMPLATE]
    if (folder / SETTINGS).is_file():
        return []
    return sorted(
        path
        for depth in range(1, _MOST_DEPTH + 1)
        for path in folder.glob(f"{'*/' * depth}{TEMPLATE}")
        if path.is_file() and path.resolve().is_relative_to(folder.resolve())
    )[:_MOST_TEMPLATES]


def _written(source: Source, path: Path, *, is_one: bool) -> Scaffold:
    """Load a template.yaml that its author wrote; its layers are taken from the source only."""
    inner = path.parent.relative_to(source.folder).parts
    scaffold_id = source.id if is_one else "-".join([source.id, *map(slug, inner[-1:])])

    def find(place: Place, url: str, kind: LayerKind) -> Layer:
        layer = layer_below(
            place,
            url,
            kind,
            folder=path.parent,
            root=source.folder,
            runs_code=source.runs_code,
        )
        below = layer.folder.relative_to(source.folder.resolve()).as_posix()
        return replace(
            layer,
            label=source.id if below == "." else f"{source.id}/{below}",
            origin=_origin(source, source.folder / below),
        )

    try:
        scaffold = build_scaffold(
            path.read_bytes(),
            folder=path.parent,
            label="/".join([source.id, *inner, TEMPLATE]),
            find=find,
            name=scaffold_id,
        )
    except TemplateError as problem:
        title = source.title if is_one else f"{source.title}: {'/'.join(inner)}"
        return _broken(scaffold_id, title, source, problem)
    own = scaffold.template.place.get("metadata").get("title").text() if scaffold.template else ""
    is_theirs = bool(own) and not source.is_titled
    return scaffold if is_theirs or not is_one else replace(scaffold, title=source.title)


def _scaffold(source: Source, found: Found, entry: Path) -> Scaffold:
    scaffold_id = "-".join([source.id, *map(slug, found.keys)])
    title = f"{source.title}: {found.title}" if found.title else source.title
    label = "/".join([source.id, *found.folder.relative_to(source.folder).parts])
    try:
        content = template_of(
            declared_in(found.folder, label),
            Described(scaffold_id, title, found.description or source.description),
            file=f"{label}/{SETTINGS}",
        )
        return build_scaffold(
            content,
            folder=found.folder,
            label=f"{label}/{SETTINGS}",
            find=_finder(source, found, label, entry),
        )
    except TemplateError as problem:
        return _broken(scaffold_id, title, source, problem)


def _finder(source: Source, found: Found, label: str, entry: Path) -> FindLayer:
    def find(_place: Place, url: str, _kind: LayerKind) -> Layer:
        if url == ENTRY_URL:
            return read_layer(entry, label=entry.name)
        return read_layer(
            found.folder,
            label=label,
            runs_code=source.runs_code,
            origin=_origin(source, found.folder),
        )

    return find


def _origin(source: Source, folder: Path) -> Origin | None:
    if source.origin is None:
        return None
    inner = folder.relative_to(source.folder).parts
    outer = (part for part in source.origin.directory.split("/") if part)
    return replace(source.origin, directory="/".join((*outer, *inner)))


def _broken(scaffold_id: str, title: str, source: Source, problem: TemplateError) -> Scaffold:
    return Scaffold(id=scaffold_id, folder=source.folder, title=title, problem=problem)
