"""Policies in the styles in which most of the world's are written, each with a Suite of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from flagstone.policies.engines.in_process import InProcess
from flagstone.policies.suites.choosing import chosen
from flagstone.policies.suites.running import run_suite
from flagstone.policies.suites.suites import find_suites

STYLES = sorted((Path(__file__).parent / "styles").glob("*.yaml"))


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.stem)
def test_a_style(style, tmp_path):
    (suite,) = find_suites(str(unfolded(yaml.safe_load(style.read_text()), tmp_path)))
    result = run_suite(suite, InProcess(), chosen(""))
    problems = [test.problem for test in result.tests]
    problems += [f"{c.name}: {c.problem}" for test in result.tests for c in test.cases if c.problem]
    assert [problem for problem in problems if problem] == []
    assert len(result.tests) == len({test.constraint for test in suite.tests})


def unfolded(style: dict[str, Any], folder: Path) -> Path:
    """The folder that a style stands for: a template, constraints, objects and a suite."""
    constraints = {"constraint": style["constraint"], **style.get("constraints", {})}
    files = {
        "template": _template(style),
        **{name: _constraint(style, name, spec) for name, spec in constraints.items()},
        **{f"object-{name}": document for name, document in style["objects"].items()},
    }
    for name, document in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(document))
    tests = [
        {
            "name": name,
            "template": "template.yaml",
            "constraint": f"{name}.yaml",
            "cases": [
                _case(case, place)
                for place, case in enumerate(style["cases"])
                if case.get("constraint", "constraint") == name
            ],
        }
        for name in constraints
    ]
    suite = {"apiVersion": "test.gatekeeper.sh/v1alpha1", "kind": "Suite", "tests": tests}
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite))
    return folder / "suite.yaml"


def _template(style: dict[str, Any]) -> dict[str, Any]:
    target: dict[str, Any] = {"target": "admission.k8s.gatekeeper.sh"}
    if "cel" in style:
        target["code"] = [{"engine": "K8sNativeValidation", "source": style["cel"]}]
    else:
        target |= {"rego": style["rego"], "libs": style.get("libs", [])}
    schema = {"openAPIV3Schema": style["parameters"]}
    return {
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {"name": "style"},
        "spec": {
            "crd": {"spec": {"names": {"kind": "Style"}, "validation": schema}},
            "targets": [target],
        },
    }


def _constraint(style: dict[str, Any], name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": "Style",
        "metadata": {"name": name},
        "spec": {"match": style.get("match", {}), **spec},
    }


def _case(case: dict[str, Any], place: int) -> dict[str, Any]:
    return {
        "name": f"{place} {case['object']}",
        "object": f"object-{case['object']}.yaml",
        "inventory": [f"object-{name}.yaml" for name in case.get("inventory", [])],
        "assertions": case["assertions"],
    }
