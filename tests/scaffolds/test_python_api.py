from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagstone.scaffolding.engine.scaffold import load_scaffolds
from tests.scaffolds.answers import AWKWARD, AWKWARD_TEXT
from tests.scaffolds.interpreters import interpreter_for
from tests.scaffolds.rendering import SCAFFOLDS, render, render_service

NEEDED = ("fastapi", "httpx2", "openfeature.contrib.provider.flagd", "prometheus_client", "uvicorn")
TEMPLATE = yaml.safe_load((SCAFFOLDS / "python-api" / "template.yaml").read_text("utf-8"))
NAME = TEMPLATE["spec"]["parameters"][0]["properties"]["name"]


def _properties() -> dict[str, dict[str, Any]]:
    pages = TEMPLATE["spec"]["parameters"]
    return {name: field for page in pages for name, field in page["properties"].items()}


def _service(**answers: str) -> dict[str, str]:
    return render_service("python-api/service", answers)


def test_the_form_and_the_layers_fit_together() -> None:
    used = set[str]()
    for step in TEMPLATE["spec"]["steps"]:
        if step["action"] == "fetch:cookiecutter":
            layer = (SCAFFOLDS / "python-api" / step["input"]["url"]).resolve()
            declared = json.loads((layer / "cookiecutter.json").read_text("utf-8"))
            assert set(step["input"]["values"]) <= set(declared), step["id"]
        used |= set(re.findall(r"parameters\.(\w+)", json.dumps(step)))

    assert used == set(_properties())


def test_every_field_says_what_it_is_for_and_has_a_default_or_is_asked_for() -> None:
    asked = {name for page in TEMPLATE["spec"]["parameters"] for name in page.get("required", ())}
    free = {name for name, field in _properties().items() if "default" not in field}

    assert asked == {"name", "description", "owner"}
    assert free == asked | {"system"}
    for name, field in _properties().items():
        assert field["title"], name
        assert (
            len(field.get("enumNames", ())) == len(field.get("enum", ()))
            or "enumNames" not in field
        )
        assert field.get("default") in field.get("enum", [field.get("default")]), name


def test_flagstone_reads_the_scaffold_without_a_complaint() -> None:
    scaffold = next(found for found in load_scaffolds(SCAFFOLDS) if found.id == "python-api")

    assert scaffold.problem is None
    assert scaffold.id == "python-api"
    assert [page.title for page in scaffold.form.pages] == [
        "The service",
        "Reliability",
        "Delivery",
    ]


def test_steps_have_the_outputs_that_the_links_show() -> None:
    steps = {step["id"] for step in TEMPLATE["spec"]["steps"]}
    shown = set(re.findall(r"steps(?:\.|\[')([\w-]+)", json.dumps(TEMPLATE["spec"]["output"])))

    assert shown == {"pull-request", "publish"}
    assert shown <= steps


@pytest.mark.parametrize("name", ["abc", "funds-transfer", "oauth2-proxy", "a" * 40, "yes-man"])
def test_accepts_names(name: str) -> None:
    assert re.search(NAME["pattern"], name)


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 41,
        "Quote",
        "1st",
        "-abc",
        "abc-",
        "a--b",
        "a_b",
        "a.b",
        "../abc",
        "zażółć",
        "yes",
        "null",
    ],
)
def test_refuses_names(name: str) -> None:
    assert not re.search(NAME["pattern"], name)


@pytest.mark.parametrize(
    "case", ["awkward text", "text that starts like YAML", "text of several lines"]
)
def test_a_description_stays_text(case: str) -> None:
    description = AWKWARD[case]["description"]
    expected = " ".join(description.split())

    files = _service(description=description)

    assert tomllib.loads(files["pyproject.toml"])["project"]["description"] == expected
    assert expected in files["README.md"].splitlines()


def test_the_workflow_keeps_its_expressions_and_names_the_service() -> None:
    text = _service(name="funds-transfer")[".github/workflows/ci.yaml"]
    jobs = yaml.safe_load(text)["jobs"]

    assert jobs["release"]["env"]["IMAGE"] == "registry.example.com/payments/funds-transfer"
    assert "${{ secrets.GITOPS_TOKEN }}" in text
    assert "services/funds-transfer/rollout.yaml" in jobs["release"]["steps"][-1]["run"]
    for job in jobs.values():
        assert job["timeout-minutes"] <= 15
        for step in job["steps"]:
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step.get("uses", f"a/b@{'0' * 40}"))


def test_the_release_step_replaces_the_bootstrap_image(tmp_path: Path) -> None:
    """The service's CI and the paved path live in different layers; here they meet."""
    files = render("paved-path")
    steps = yaml.safe_load(_service()[".github/workflows/ci.yaml"])["jobs"]["release"]["steps"]
    command = next(line for line in steps[-1]["run"].splitlines() if line.startswith("sed "))
    rollout = tmp_path / "services" / "checkout" / "rollout.yaml"
    rollout.parent.mkdir(parents=True)
    rollout.write_text(files["services/checkout/rollout.yaml"], "utf-8")
    reference = "registry.example.com/payments/checkout@sha256:" + "ab" * 32

    environment = os.environ | {"REFERENCE": reference}
    subprocess.run(["bash", "-euc", command], cwd=tmp_path, env=environment, check=True)

    changed = rollout.read_text("utf-8")
    (container,) = yaml.safe_load(changed)["spec"]["template"]["spec"]["containers"]
    assert container["image"] == reference
    before = files["services/checkout/rollout.yaml"].splitlines()
    assert sum(old != new for old, new in zip(before, changed.splitlines(), strict=True)) == 1


def test_the_container_runs_as_the_user_that_the_paved_path_sets() -> None:
    rollout = yaml.safe_load(render("paved-path")["services/checkout/rollout.yaml"])
    pod = rollout["spec"]["template"]["spec"]
    user = pod["securityContext"]["runAsUser"]
    ports = [port["containerPort"] for port in pod["containers"][0]["ports"]]

    dockerfile = _service()["Dockerfile"]
    assert f"USER {user}:{user}\n" in dockerfile
    assert f"EXPOSE {' '.join(map(str, ports))}\n" in dockerfile


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "answers",
    [{}, {"name": "oauth2-proxy-3ds", "description": AWKWARD_TEXT, "latency_ms": "10000"}],
    ids=["defaults", "awkward answers"],
)
def test_the_rendered_service_passes_its_own_tests(
    answers: dict[str, str], tmp_path: Path, service_python: str
) -> None:
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


@pytest.fixture(scope="session")
def service_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("service_python") / "venv"
    return interpreter_for(_service()["pyproject.toml"], NEEDED, folder)
