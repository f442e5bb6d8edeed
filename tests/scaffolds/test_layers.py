from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flagstone.scaffolding.engine.rendering import render_layer
from tests.scaffolds.answers import AWKWARD
from tests.scaffolds.rendering import SCAFFOLDS, render

LAYERS = sorted(
    path.parent.relative_to(SCAFFOLDS).as_posix() for path in SCAFFOLDS.rglob("cookiecutter.json")
)


def test_finds_every_layer() -> None:
    assert LAYERS == [
        "catalog-entry",
        "gitops-project",
        "gitops-repo",
        "go-api/service",
        "node-api/service",
        "paved-path",
        "python-api/service",
        "python-base",
        "service-base",
        "worker/service",
    ]


@pytest.mark.parametrize("layer", LAYERS)
def test_the_cookiecutter_command_renders_a_layer_on_its_own(layer: str, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "cookiecutter",
        "--no-input",
        "--output-dir",
        str(tmp_path / "out"),
    ]
    subprocess.run(
        [*command, str(SCAFFOLDS / layer)],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    (root,) = (tmp_path / "out").iterdir()
    made = {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for path in root.rglob("*")
        if path.is_file()
    }

    assert made == render(layer)


@pytest.mark.parametrize("case", AWKWARD)
@pytest.mark.parametrize(
    "layer",
    [
        "catalog-entry",
        "go-api/service",
        "node-api/service",
        "paved-path",
        "python-api/service",
        "python-base",
        "service-base",
        "worker/service",
    ],
)
def test_flagstones_engine_renders_what_cookiecutter_does(layer: str, case: str) -> None:
    declared = (SCAFFOLDS / layer / "cookiecutter.json").read_text("utf-8")
    answers: dict[str, Any] = {
        key: value for key, value in AWKWARD[case].items() if f'"{key}"' in declared
    }

    rendered = render_layer(SCAFFOLDS / layer, answers).contents()

    assert {path: data.decode() for path, data in rendered.items()} == render(layer, answers)
