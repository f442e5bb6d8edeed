"""The worker: its form fits its layers, and what it renders passes its own tests on a real Redis."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagstone.config.runtime import redis_server
from flagstone.scaffolding.engine.scaffold import load_scaffolds
from tests.scaffolds.answers import AWKWARD_TEXT
from tests.scaffolds.interpreters import interpreter_for
from tests.scaffolds.rendering import SCAFFOLDS, render, render_service

NEEDED = ("openfeature.contrib.provider.flagd", "prometheus_client", "pytest", "redis")
TEMPLATE = yaml.safe_load((SCAFFOLDS / "worker" / "template.yaml").read_text("utf-8"))


def test_flagstone_reads_the_scaffold_without_a_complaint() -> None:
    found = {scaffold.id: scaffold for scaffold in load_scaffolds(SCAFFOLDS)}

    assert found["worker"].problem is None
    assert found["worker"].title == "Queue worker"


def test_every_question_is_used_and_every_value_is_asked_for_by_its_layer() -> None:
    asked = {name for page in TEMPLATE["spec"]["parameters"] for name in page["properties"]}
    used = set[str]()
    for step in TEMPLATE["spec"]["steps"]:
        if step["action"] == "fetch:cookiecutter":
            layer = (SCAFFOLDS / "worker" / step["input"]["url"]).resolve()
            declared = json.loads((layer / "cookiecutter.json").read_text("utf-8"))
            assert set(step["input"]["values"]) <= set(declared), step["id"]
        used |= set(re.findall(r"(?<!environment\.)parameters\.(\w+)", json.dumps(step)))

    assert used == asked


def test_the_release_step_replaces_the_image_of_the_deployment(tmp_path: Path) -> None:
    files = render("paved-path", {"kind": "worker"})
    steps = yaml.safe_load(render_service("worker/service")[".github/workflows/ci.yaml"])["jobs"][
        "release"
    ]["steps"]
    command = next(line for line in steps[-1]["run"].splitlines() if line.startswith("sed "))
    deployment = tmp_path / "services" / "checkout" / "deployment.yaml"
    deployment.parent.mkdir(parents=True)
    deployment.write_text(files["services/checkout/deployment.yaml"], "utf-8")
    reference = "registry.example.com/payments/checkout@sha256:" + "ab" * 32

    environment = os.environ | {"REFERENCE": reference}
    subprocess.run(["bash", "-euc", command], cwd=tmp_path, env=environment, check=True)

    pod = yaml.safe_load(deployment.read_text("utf-8"))["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == reference


def test_the_container_listens_where_the_paved_path_looks() -> None:
    files = render("paved-path", {"kind": "worker"})
    pod = yaml.safe_load(files["services/checkout/deployment.yaml"])["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    service = render_service("worker/service")

    ports = [port["containerPort"] for port in container["ports"]]
    assert f"EXPOSE {' '.join(map(str, ports))}\n" in service["Dockerfile"]
    assert f"metrics_port: int = {ports[0]}\n" in service["app/settings.py"]
    read = set(re.findall(r'environment\.get\("(\w+)"', service["app/settings.py"]))
    assert {variable["name"] for variable in container["env"]} <= read


def test_the_rules_ask_for_metrics_that_it_has() -> None:
    rules = render("paved-path", {"kind": "worker"})["services/checkout/slo.yaml"]
    metrics = render_service("worker/service")["app/metrics.py"]

    assert set(re.findall(r"(\w+)_total\{", rules)) == {"messages_processed"}
    assert '"messages_processed"' in metrics
    assert set(re.findall(r'outcome="(\w+)"', rules)) == {"failed"}
    assert 'OUTCOMES = ("done", "failed")' in metrics


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_rendered_worker_passes_its_own_checks(tmp_path: Path) -> None:
    """One test for all answers: the virtual environment takes longer than the tests."""
    requirements = render_service("worker/service")["pyproject.toml"]
    python = interpreter_for(requirements, NEEDED, tmp_path / "venv")
    awkward = {"name": "oauth2-proxy-3ds", "description": AWKWARD_TEXT}

    _prove(awkward, 13, tmp_path / "awkward", python)
    _prove({"flags": False}, 12, tmp_path / "plain", python)


def _prove(answers: dict[str, Any], tests: int, tmp_path: Path, worker_python: str) -> None:
    for path, text in render_service("worker/service", answers).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    url = redis_server.url(Path(os.environ["FLAGSTONE_HOME"]), 15)

    done = subprocess.run(
        [worker_python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts="],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "REDIS_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"^{tests} passed", done.stdout, re.MULTILINE)
    for command in (["check"], ["format", "--check"]):
        clean = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert clean.returncode == 0, clean.stdout
