"""Reads of registered templates, shaped for those who show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db.models import QuerySet

from flagstone.core.errors import NotFound
from flagstone.scaffolding.collection import own_scaffolds
from flagstone.scaffolding.engine.layers import Layer
from flagstone.scaffolding.engine.scaffold import Scaffold
from flagstone.scaffolding.models import TemplateSource
from flagstone.scaffolding.registered.holding import scaffolds_in

_LONGEST_CODE = 256 * 1024


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file of a template that would be run."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class TemplateDetail:
    """A registered template with what it offers, and with the code that it brings.

    Attributes:
        source: The template.
        scaffolds: What it offers.
        code: What would be run.
        hidden: Ids that own scaffolds have, too: theirs are offered under it.
    """

    source: TemplateSource
    scaffolds: list[Scaffold]
    code: list[CodeFile]
    hidden: list[str]


def list_templates() -> QuerySet[TemplateSource]:
    """List the registered templates in order of title, without their files."""
    return TemplateSource.objects.select_related("registered_by").defer("content")


def find_template(scaffold_id: str) -> TemplateSource:
    """Return a registered template.

    Raises:
        NotFound: There is none of that id.
    """
    found = list_templates().filter(scaffold_id=scaffold_id).first()
    if found is None:
        raise NotFound(
            f"There is no registered template '{scaffold_id}'.",
            code="scaffold.template_not_found",
            template=scaffold_id,
        )
    return found


def template_detail(scaffold_id: str) -> TemplateDetail:
    """Return a template with its scaffolds and its code.

    Raises:
        NotFound: There is none of that id.
    """
    source = find_template(scaffold_id)
    scaffolds = scaffolds_in(source) if source.commit else []
    layers = {
        layer.label: layer
        for scaffold in scaffolds
        for layer in scaffold.layers.values()
        if layer.origin is not None
    }
    code = [file for _, layer in sorted(layers.items()) for file in _code_of(layer, source)]
    own = {scaffold.id for scaffold in own_scaffolds()}
    hidden = [scaffold.id for scaffold in scaffolds if scaffold.id in own]
    return TemplateDetail(source, scaffolds, code, hidden)


def _code_of(layer: Layer, source: TemplateSource) -> Iterator[CodeFile]:
    """Yield hooks, and the modules that extensions are imported from."""
    inner = layer.label.removeprefix(source.scaffold_id).lstrip("/")
    files = [layer.folder / "hooks" / name for name in layer.hooks]
    for extension in layer.extensions:
        module = extension.partition(".")[0]
        files.append(layer.folder / f"{module}.py")
        files += sorted((layer.folder / module).rglob("*.py"))
    for file in dict.fromkeys(files):
        if file.is_file():
            path = Path(inner, file.relative_to(layer.folder)).as_posix()
            yield CodeFile(path, _text(file))


def _text(file: Path) -> str:
    content = file.read_bytes()[: _LONGEST_CODE + 1]
    text = content[:_LONGEST_CODE].decode("utf-8", "replace")
    return text if len(content) <= _LONGEST_CODE else f"{text}\n… and more"
