"""The Node.js service, proved by Node.js itself where it is there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.scaffolds.answers import AWKWARD
from tests.scaffolds.rendering import render_service

OLDEST = 20


@pytest.mark.parametrize(
    "case", ["awkward text", "text that starts like YAML", "text of several lines"]
)
def test_a_description_stays_text(case: str) -> None:
    description = AWKWARD[case]["description"]
    expected = " ".join(description.split())

    files = render_service("node-api/service", {"description": description})

    assert json.loads(files["package.json"])["description"] == expected
    assert expected in files["README.md"].splitlines()


@pytest.fixture(scope="session")
def node() -> dict[str, str]:
    """The environment in which node and npm run."""
    missing = [tool for tool in ("node", "npm", "npx") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"there is no {', no '.join(missing)} on this machine")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout.removeprefix("v").partition(".")[0]) < OLDEST:
        pytest.skip(f"node is {version.stdout.strip()}; the service needs {OLDEST}")
    return {"PATH": os.environ["PATH"], "npm_config_update_notifier": "false"}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_rendered_service_passes_its_own_checks(tmp_path: Path, node: dict[str, str]) -> None:
    """Without flags it needs less, so what is fetched for the one with flags serves both."""
    environment = {**node, "HOME": str(tmp_path)}
    answers = {"name": "oauth2-proxy-3ds", "latency_ms": "10000"}
    plain = _written(tmp_path / "plain", {**answers, "flags": False})
    whole = _written(tmp_path / "whole", {**answers, "flags": True})
    fetched = _run(["make", "install"], whole, environment)
    if fetched.returncode != 0:
        pytest.skip(f"npm cannot fetch what the service needs: {fetched.stderr[-300:]}")
    (plain / "node_modules").symlink_to(whole / "node_modules")

    for folder, tests in ((whole, 22), (plain, 19)):
        done = _run(["make", "check"], folder, environment)

        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(rf"^# pass {tests}$", done.stdout, re.MULTILINE), done.stdout
        assert "Deprecation" not in done.stdout + done.stderr


def _written(folder: Path, answers: dict[str, Any]) -> Path:
    for path, text in render_service("node-api/service", answers).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


def _run(
    command: list[str], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
