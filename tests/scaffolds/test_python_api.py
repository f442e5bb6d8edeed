from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.scaffolds.answers import AWKWARD, AWKWARD_TEXT
from tests.scaffolds.interpreters import interpreter_for
from tests.scaffolds.rendering import render_service

NEEDED = ("fastapi", "httpx2", "openfeature.contrib.provider.flagd", "prometheus_client", "uvicorn")


def _service(**answers: str) -> dict[str, str]:
    return render_service("python-api/service", answers)


@pytest.mark.parametrize(
    "case", ["awkward text", "text that starts like YAML", "text of several lines"]
)
def test_a_description_stays_text(case: str) -> None:
    description = AWKWARD[case]["description"]
    expected = " ".join(description.split())

    files = _service(description=description)

    assert tomllib.loads(files["pyproject.toml"])["project"]["description"] == expected
    assert expected in files["README.md"].splitlines()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_rendered_service_passes_its_own_tests(tmp_path: Path) -> None:
    """One test for all answers: the virtual environment takes longer than the tests."""
    python = interpreter_for(_service()["pyproject.toml"], NEEDED, tmp_path / "venv")
    awkward = {"name": "oauth2-proxy-3ds", "description": AWKWARD_TEXT, "latency_ms": "10000"}

    _prove({}, tmp_path / "defaults", python)
    _prove(awkward, tmp_path / "awkward", python)


def _prove(answers: dict[str, str], tmp_path: Path, service_python: str) -> None:
    for path, text in _service(**answers).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")

    done = subprocess.run(
        [service_python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts="],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^20 passed", done.stdout, re.MULTILINE)


def test_the_rendered_service_is_formatted_and_clean() -> None:
    """Ruff ships with our own tools; `make check` of the service runs the same two commands."""
    for path, text in _service(name="oauth2-proxy-3ds", latency_ms="10000").items():
        if path.endswith(".py"):
            command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "110"]
            done = subprocess.run(
                [*command, "-"], input=text, capture_output=True, text=True, check=True
            )
            assert done.stdout == text, path
