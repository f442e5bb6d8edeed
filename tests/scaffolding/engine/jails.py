"""Templates with hooks, rendered in the jail; and which of its processes are left."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import psutil

from flagstone.scaffolding.engine.jobs import LayerJob, Limits
from flagstone.scaffolding.engine.rendering import render_layers
from tests.scaffolding.building import write_layer
from tests.waiting import comes_true

# tests side by side tell their processes apart by it
SLEEP = f"600.{os.getpid()}"


SMALL = Limits(
    wall_seconds=60, cpu_seconds=2, file_bytes=1_000_000, total_bytes=4_000_000, files=50
)
HASTY = replace(SMALL, wall_seconds=3)  # for what would stay for ten minutes


def with_hook(folder: Path, script: str, name: str = "post_gen_project.py", **files: str) -> Path:
    layer = write_layer(folder / "layer", {"a.txt": "{{ cookiecutter.name }}", **files})
    hook = layer / "hooks" / name
    hook.parent.mkdir()
    hook.write_text(script)
    return layer


def run(layer: Path, limits: Limits | None = None, **given: object):
    (rendered,) = render_layers([LayerJob(layer, given, "shop/service", True)], limits=limits)
    return rendered


def is_there(name: str) -> bool:
    """Tell whether a process of the jail is left."""
    return any(
        name in " ".join(process.info["cmdline"] or ())
        for process in psutil.process_iter(["cmdline"])
    )


def ends(name: str) -> bool:
    return comes_true(lambda: not is_there(name))
