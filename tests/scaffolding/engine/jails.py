"""Templates with hooks, rendered in the jail; and which of its processes are left."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from flagstone.scaffolding.engine.jobs import LayerJob, Limits
from flagstone.scaffolding.engine.rendering import render_layers
from tests.scaffolding.building import write_layer

# tests side by side tell their processes apart by it
SLEEP = f"600.{os.getpid()}"


SMALL = Limits(wall_seconds=8, cpu_seconds=2, file_bytes=1_000_000, total_bytes=4_000_000, files=50)


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


def comes_true(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
