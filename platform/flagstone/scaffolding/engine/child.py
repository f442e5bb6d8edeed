"""The child process that renders: `python -I -m flagstone.scaffolding.engine.child`, a JSON job on stdin.

It answers with one JSON document on stdout and writes files below its run folder only. Nothing of Flagstone is
imported that costs time: this process is started for every run.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cookiecutter import generate
from cookiecutter.find import find_template

from flagstone.scaffolding.engine.context import declared_by, finish_context
from flagstone.scaffolding.engine.faults import Fault, fault_of
from flagstone.scaffolding.engine.guard import Wall, limit_process
from flagstone.scaffolding.engine.jobs import LayerKind
from flagstone.scaffolding.engine.occasion import Playing, Unheeded, take_place
from flagstone.scaffolding.engine.path_checks import check_paths
from flagstone.scaffolding.engine.sandbox import environment_for
from flagstone.scaffolding.engine.skeleton import render_skeleton

SKELETON_TOP = "skeleton"


def main() -> None:
    job = json.load(sys.stdin.buffer)
    limit_process(**job["limits"])
    layers = [Path(layer["folder"]) for layer in job["layers"]]
    Wall(Path(job["run"]), layers, job["max_files"], job["max_bytes"]).build()
    # cookiecutter's files are rendered by the sandbox, which its own function would not make
    generate.create_env_with_context = environment_for
    contexts, by_chance = [], []
    for number, layer in enumerate(job["layers"]):
        playing = take_place(layer["occasion"])
        outcome = render(layer, Path(job["run"], str(number)), playing)
        if isinstance(outcome, Fault):
            _answer({"fault": asdict(outcome), "layer": number})
            return
        contexts.append(outcome)
        by_chance.append(playing.mattered)
    _answer({"contexts": contexts, "by_chance": by_chance})


def render(
    layer: Mapping[str, Any], target: Path, playing: Playing | Unheeded
) -> dict[str, Any] | Fault:
    """Render one layer into the target; return its finished variables, or what went wrong where."""
    folder = Path(layer["folder"])
    top = ""
    try:
        if layer["kind"] == LayerKind.SKELETON:
            render_skeleton(folder, layer["given"], layer["options"], target / SKELETON_TOP)
            return dict(layer["given"])
        declared = declared_by(folder, layer["given"], layer["options"])
        context = finish_context(
            declared,
            layer["given"],
            environment_for({"cookiecutter": declared}),
            address=layer["address"],
            begin=playing.begin,
        )
        variables: dict[str, Any] = context["cookiecutter"]
        if layer["only_variables"]:
            return variables
        playing.begin("/")
        environment = environment_for(context)
        template = find_template(folder, environment)
        top = template.name
        check_paths(template, context, environment)
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
    return variables


def _answer(document: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(document))


if __name__ == "__main__":
    main()
