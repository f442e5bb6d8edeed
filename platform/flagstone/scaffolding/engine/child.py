"""The child process that renders: `python -I -m flagstone.scaffolding.engine.child`, a JSON job on stdin.

It answers with one JSON document on stdout and writes files below its run folder only. Nothing of Flagstone is
imported that costs time: this process is started for every run.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cookiecutter import generate
from cookiecutter.find import find_template
from jinja2.sandbox import SandboxedEnvironment

from flagstone.scaffolding.engine.context import finish_context
from flagstone.scaffolding.engine.faults import Fault, PathRefused, fault_of
from flagstone.scaffolding.engine.guard import Wall, limit_process
from flagstone.scaffolding.engine.names import path_fault
from flagstone.scaffolding.engine.sandbox import environment_for, marks_of


def main() -> None:
    job = json.load(sys.stdin.buffer)
    limit_process(**job["limits"])
    layers = [Path(layer["folder"]) for layer in job["layers"]]
    Wall(Path(job["run"]), layers, job["max_files"], job["max_bytes"]).build()
    # cookiecutter's files are rendered by the sandbox, which its own function would not make
    generate.create_env_with_context = environment_for
    contexts = []
    for number, layer in enumerate(job["layers"]):
        outcome = render(layer, Path(job["run"], str(number)))
        if isinstance(outcome, Fault):
            _answer({"fault": asdict(outcome), "layer": number})
            return
        contexts.append(outcome)
    _answer({"contexts": contexts})


def render(layer: Mapping[str, Any], target: Path) -> dict[str, Any] | Fault:
    """Render one layer into the target; return its finished variables, or what went wrong where."""
    folder = Path(layer["folder"])
    top = ""
    try:
        declared = json.loads((folder / "cookiecutter.json").read_text(encoding="utf-8"))
        context = finish_context(
            declared, layer["given"], environment_for({"cookiecutter": declared})
        )
        environment = environment_for(context)
        template = find_template(folder, environment)
        top = template.name
        _check_paths(template, context, environment)
        generate.generate_files(
            repo_dir=folder,
            context=context,
            output_dir=target,
            accept_hooks=False,
            keep_project_on_failure=True,
        )
    except json.JSONDecodeError as failure:
        return Fault(
            "template", f"is not valid JSON: {failure.msg}", "cookiecutter.json", failure.lineno
        )
    except BaseException as failure:  # noqa: BLE001 - the process edge: every failure becomes an answer
        return fault_of(failure, top)
    variables: dict[str, Any] = context["cookiecutter"]
    return variables


def _check_paths(
    template: Path, context: dict[str, Any], environment: SandboxedEnvironment
) -> None:
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
    environment: SandboxedEnvironment,
) -> str:
    try:
        rendered = environment.from_string(path).render(**context)
    except Exception as error:
        raise PathRefused(shown, f"has a path that cannot be rendered: {error}") from error
    if fault := path_fault(rendered, marks=marks_of(environment)):
        raise PathRefused(shown, f"becomes {rendered!r}, which {fault}")
    return rendered


def _answer(document: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(document))


if __name__ == "__main__":
    main()
