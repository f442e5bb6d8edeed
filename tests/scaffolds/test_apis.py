"""What the scaffolds of HTTP services have in common: their form, their image, their way to production."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagstone.scaffolding.engine.scaffold import load_scaffolds
from tests.scaffolds.rendering import SCAFFOLDS, render, render_service

APIS = ("go-api", "node-api", "python-api")
TEMPLATES = {
    api: yaml.safe_load((SCAFFOLDS / api / "template.yaml").read_text("utf-8")) for api in APIS
}
each_api = pytest.mark.parametrize("api", APIS)


def _properties(api: str) -> dict[str, dict[str, Any]]:
    pages = TEMPLATES[api]["spec"]["parameters"]
    asked = {name: field for page in pages for name, field in page["properties"].items()}
    branches = [
        branch
        for page in pages
        for rule in page.get("dependencies", {}).values()
        for branch in rule["oneOf"]
    ]
    return asked | {
        name: field
        for branch in branches
        for name, field in branch["properties"].items()
        if name not in asked
    }


def _service(api: str, **answers: str) -> dict[str, str]:
    return render_service(f"{api}/service", answers)


@each_api
def test_the_form_and_the_layers_fit_together(api: str) -> None:
    used = set[str]()
    for step in TEMPLATES[api]["spec"]["steps"]:
        if step["action"] == "fetch:cookiecutter":
            layer = (SCAFFOLDS / api / step["input"]["url"]).resolve()
            declared = json.loads((layer / "cookiecutter.json").read_text("utf-8"))
            assert set(step["input"]["values"]) <= set(declared), step["id"]
        used |= set(re.findall(r"(?<!environment\.)parameters\.(\w+)", json.dumps(step)))

    assert used == set(_properties(api))


@each_api
def test_every_field_says_what_it_is_for_and_has_a_default_or_is_asked_for(api: str) -> None:
    asked = {
        name for page in TEMPLATES[api]["spec"]["parameters"] for name in page.get("required", ())
    }
    free = {name for name, field in _properties(api).items() if "default" not in field}

    assert asked == {"name", "description", "owner"}
    assert free == asked | {"system"}
    for name, field in _properties(api).items():
        assert field["title"], name
        assert (
            len(field.get("enumNames", ())) == len(field.get("enum", ()))
            or "enumNames" not in field
        )
        assert field.get("default") in field.get("enum", [field.get("default")]), name


@each_api
def test_flagstone_reads_the_scaffold_without_a_complaint(api: str) -> None:
    scaffold = next(found for found in load_scaffolds(SCAFFOLDS) if found.id == api)

    assert scaffold.problem is None
    assert scaffold.id == api
    assert [page.title for page in scaffold.form.pages] == [
        "The service",
        "Reliability",
        "Delivery",
    ]


@each_api
def test_steps_have_the_outputs_that_the_links_show(api: str) -> None:
    steps = {step["id"] for step in TEMPLATES[api]["spec"]["steps"]}
    shown = set(
        re.findall(r"steps(?:\.|\[')([\w-]+)", json.dumps(TEMPLATES[api]["spec"]["output"]))
    )

    assert shown == {"pull-request", "publish"}
    assert shown <= steps


@pytest.mark.parametrize("name", ["abc", "funds-transfer", "oauth2-proxy", "a" * 40, "yes-man"])
def test_accepts_names(name: str) -> None:
    assert all(re.search(_properties(api)["name"]["pattern"], name) for api in APIS)


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
    assert not any(re.search(_properties(api)["name"]["pattern"], name) for api in APIS)


@each_api
def test_the_workflow_keeps_its_expressions_and_names_the_service(api: str) -> None:
    text = _service(api, name="funds-transfer")[".github/workflows/ci.yaml"]
    jobs = yaml.safe_load(text)["jobs"]

    assert jobs["release"]["env"]["IMAGE"] == "registry.example.com/payments/funds-transfer"
    assert "${{ secrets.GITOPS_TOKEN }}" in text
    assert "services/funds-transfer/rollout.yaml" in jobs["release"]["steps"][-1]["run"]
    for job in jobs.values():
        assert job["timeout-minutes"] <= 15
        for step in job["steps"]:
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step.get("uses", f"a/b@{'0' * 40}"))


@each_api
def test_the_release_step_replaces_the_bootstrap_image(api: str, tmp_path: Path) -> None:
    """The service's CI and the paved path live in different layers; here they meet."""
    files = render("paved-path")
    steps = yaml.safe_load(_service(api)[".github/workflows/ci.yaml"])["jobs"]["release"]["steps"]
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


@each_api
def test_the_container_runs_as_the_user_that_the_paved_path_sets(api: str) -> None:
    rollout = yaml.safe_load(render("paved-path")["services/checkout/rollout.yaml"])
    pod = rollout["spec"]["template"]["spec"]
    user = pod["securityContext"]["runAsUser"]
    ports = [port["containerPort"] for port in pod["containers"][0]["ports"]]

    dockerfile = _service(api)["Dockerfile"]
    assert f"USER {user}:{user}\n" in dockerfile
    assert f"EXPOSE {' '.join(map(str, ports))}\n" in dockerfile


@each_api
def test_the_rules_ask_for_metrics_that_it_has(api: str) -> None:
    """The names stand in the service's code as well as in the alerts' queries."""
    code = "".join(text for path, text in _service(api).items() if "metrics" in path)
    rules = render("paved-path")["services/checkout/slo.yaml"]

    asked = set(re.findall(r"\bhttp_request\w+", rules))

    assert asked
    for name in asked:
        stem = re.sub(r"_(bucket|sum|count|total)$", "", name)
        assert stem in code, name
