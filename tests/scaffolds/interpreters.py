"""A Python in which a rendered service can run its own tests."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest


def interpreter_for(pyproject: str, modules: Iterable[str], folder: Path) -> str:
    """Return our own Python if it has these modules, else that of a fresh virtual environment in the folder.

    Args:
        pyproject: The service's pyproject.toml; its requirements and those for its tests are installed.
    """
    if all(map(_is_there, modules)):
        return sys.executable
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    project = tomllib.loads(pyproject)["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    done = subprocess.run(
        [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = f"the service's own requirements cannot be installed here: {done.stderr[-300:]}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return str(folder / "bin" / "python")


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of a package above it
        return False
