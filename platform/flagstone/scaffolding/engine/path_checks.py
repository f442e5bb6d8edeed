"""What the answers make of a template's file and folder names, looked at before anything is written.

Imported by the child processes only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cookiecutter import generate
from jinja2 import Environment

from flagstone.scaffolding.engine.faults import PathRefused
from flagstone.scaffolding.engine.names import path_fault
from flagstone.scaffolding.engine.sandbox import marks_of


def check_paths(template: Path, context: dict[str, Any], environment: Environment) -> None:
    """Refuse every path that the answers would turn into something else than a plain file or folder."""
    marks = marks_of(environment)
    top = _rendered_path(template.name, template.name, context, environment)
    if "/" in top or not top.strip():
        raise PathRefused(template.name, f"becomes {top!r}, which is not one folder")
    for shown, path in _rendered_names(template, context):
        if any(mark in path for mark in marks):
            _rendered_path(path, shown, context, environment)


def _rendered_names(template: Path, context: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what cookiecutter renders as a path: each as its author knows it, and below the template's folder."""
    for folder, folders, files in os.walk(template):
        paths = {name: Path(folder, name).relative_to(template).as_posix() for name in folders}
        for path in (
            *paths.values(),
            *(Path(folder, f).relative_to(template).as_posix() for f in files),
        ):
            yield f"{template.name}/{path}", path
        # what is only copied keeps the names below it
        folders[:] = [
            n for n, path in paths.items() if not generate.is_copy_only_path(path, context)
        ]


def _rendered_path(
    path: str,
    shown: str,
    context: dict[str, Any],
    environment: Environment,
) -> str:
    try:
        rendered = environment.from_string(path).render(**context)
    except Exception as error:
        raise PathRefused(shown, f"has a path that cannot be rendered: {error}") from error
    if fault := path_fault(rendered, marks=marks_of(environment)):
        raise PathRefused(shown, f"becomes {rendered!r}, which {fault}")
    return rendered
