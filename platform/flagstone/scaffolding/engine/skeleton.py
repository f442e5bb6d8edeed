"""Rendering a skeleton as Backstage's `fetch:template` does: Nunjucks in contents and paths, `${{ values.x }}`.

Imported by the child process only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from binaryornot.check import is_binary
from jinja2 import ChainableUndefined, Undefined, nodes
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from flagstone.scaffolding.engine.faults import NotText, PathRefused
from flagstone.scaffolding.engine.filters import FILTERS, METHODS, shown
from flagstone.scaffolding.engine.globs import matches
from flagstone.scaffolding.engine.list_filters import TESTS
from flagstone.scaffolding.engine.names import rendered_path_fault
from flagstone.scaffolding.engine.nunjucks import PAIRS, as_jinja, pairs, turn_tree


def render_skeleton(
    folder: Path, values: Mapping[str, Any], options: Mapping[str, Any], target: Path
) -> None:
    """Render a folder into another.

    Args:
        folder: The skeleton.
        values: What its expressions read as `values`.
        options: `copyWithoutTemplating`, `copyWithoutRender`, `templateFileExtension`, `cookiecutterCompat`,
            `trimBlocks`, `lstripBlocks`, as Backstage has them.
        target: Where the files go; made here.

    Raises:
        PathRefused: A path came out as one that must not be written.
        jinja2.TemplateError: A file is no template, or asks for what it may not have.
    """
    compat = bool(options.get("cookiecutterCompat"))
    environment = _Skeleton.of(options, compat=compat)
    names = {"values": values, **({"cookiecutter": values} if compat else {})}
    extension = _extension(options.get("templateFileExtension"))
    unrendered = tuple(options.get("copyWithoutRender") or ())
    untemplated = tuple(options.get("copyWithoutTemplating") or ())
    target.mkdir(parents=True, exist_ok=True)
    for path in _files(folder):
        renders = not matches(path, (*unrendered, *untemplated))
        place = path
        if extension:
            renders = path.endswith(extension)
            place = path.removesuffix(extension) if renders else path
        if extension or renders or not unrendered:
            place = _place(environment, place, path, names)
        if not place or place.startswith("/") or "//" in place or place.endswith("/"):
            continue  # a part of the path came out empty: it is left out
        _write(environment, folder / path, target / place, path, names if renders else None)


def _write(
    environment: _Skeleton, source: Path, target: Path, path: str, names: Mapping[str, Any] | None
) -> None:
    content = source.read_bytes()
    if names is not None and content and not is_binary(str(source)):
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise NotText(path) from error
        content = environment.rendered(text, path, names).encode("utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)


def _place(environment: _Skeleton, place: str, path: str, names: Mapping[str, Any]) -> str:
    rendered = environment.rendered(place, path, names) if _has_marks(place) else place
    if fault := rendered_path_fault(rendered):
        raise PathRefused(path, f"becomes {rendered!r}, which {fault}")
    return rendered


def _has_marks(text: str) -> bool:
    return any(mark in text for mark in ("{{", "{%", "{#"))


def _files(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(files):
            yield Path(place, name).relative_to(folder).as_posix()


def _extension(wish: Any) -> str:
    if wish is True:
        return ".njk"
    return f".{str(wish).lstrip('.')}" if wish else ""


class _Skeleton(SandboxedEnvironment):
    """Nunjucks' ways in a sandbox: what is missing is empty, values read as JavaScript would write them."""

    @classmethod
    def of(cls, options: Mapping[str, Any], *, compat: bool) -> _Skeleton:
        environment = cls(
            variable_start_string="{{" if compat else "${{",
            variable_end_string="}}",
            keep_trailing_newline=True,
            trim_blocks=bool(options.get("trimBlocks")),
            lstrip_blocks=bool(options.get("lstripBlocks")),
            undefined=ChainableUndefined,
            finalize=shown,
            autoescape=False,
            extensions=["jinja2.ext.do"],
        )
        environment.filters = {**FILTERS, PAIRS: pairs}
        environment.tests = environment.tests | TESTS
        return environment

    def rendered(self, text: str, path: str, names: Mapping[str, Any]) -> str:
        tags = ((self.variable_start_string, "}}"), ("{%", "%}"))
        # Jinja would make one kind of line end of all; Nunjucks leaves them
        mark = _unused(text, names, path) if "\r" in text else ""
        source = as_jinja(text.replace("\r", mark) if mark else text, tags, blank=mark)
        code = self.compile(source, name=path, filename=path)
        template = self.template_class.from_code(self, code, self.make_globals(None))
        result = template.render(names)
        return result.replace(mark, "\r") if mark else result

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        raise SecurityError(f"tried to reach {attribute!r} of a {type(obj).__name__}")

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        turn_tree(tree)
        return tree

    def getattr(self, obj: Any, attribute: str) -> Any:
        if attribute in METHODS and isinstance(obj, str | list):
            method = METHODS[attribute]
            return lambda *arguments: method(obj, *arguments)
        if attribute == "length" and isinstance(obj, str | list):
            return len(obj)
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)
        return super().getitem(obj, argument)


def _unused(text: str, names: Mapping[str, Any], path: str) -> str:
    """Return a character that neither the text nor a value has."""
    used = set(text) | set(json.dumps(names, ensure_ascii=False))
    unused = next((char for char in map(chr, range(0xE000, 0xF8FF)) if char not in used), "")
    if not unused:
        reason = "holds every private character, so that its line ends cannot be kept"
        raise TemplateSyntaxError(reason, 1, filename=path)
    return unused
