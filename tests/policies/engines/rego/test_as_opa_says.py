"""Policies and functions with what OPA says of them: the engine must say the same, and OPA itself where it is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flagstone.policies.engines.rego.runner import RegoRunner
from flagstone.policies.engines.sources import RegoSource, SourceFault
from tests.real_opa import FAILED, REFUSED, RealOpa, needs_real_opa

FOLDER = Path(__file__).parent / "opa_says"
NOT_HERE = " (not here)"  # OPA says it, and the engine says that it does not know
CONTAINERS = [
    {
        "name": "web",
        "image": "nginx:latest",
        "stdin": False,
        "ports": [{"containerPort": 80}],
        "resources": {"limits": {"cpu": "1"}},
    },
    {"name": "side", "image": "gcr.io/x/y"},
]
INPUT = {
    "parameters": {"labels": ["app", "owner"], "repos": ["gcr.io/"]},
    "review": {
        "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "name": "web",
        "namespace": "x",
        "operation": "CREATE",
        "object": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": "web",
                "namespace": "x",
                "labels": {"app": "web", "tier": "Front-End"},
                "nothing": None,
            },
            "spec": {
                "replicas": 2,
                "big": 9007199254740993,
                "flt": 2.0,
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": CONTAINERS},
                },
            },
        },
    },
}


def policies() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.rego")):
        text = path.read_text(encoding="utf-8")
        for found in re.finditer(r"(?m)^# says: (.*)\n((?:(?!# says:).*\n)+)", text):
            line = text.count("\n", 0, found.start()) + 1
            imports = re.findall(r"(?m)^import .*\n", found[2])
            rules = re.sub(r"(?m)^import .*\n", "", found[2])
            module = "".join(["package a\nimport rego.v1\n", *imports, rules])
            yield pytest.param(module, found[1], id=f"{path.stem}:{line}")


def functions() -> Iterator[Any]:
    for line in (FOLDER / "functions.txt").read_text(encoding="utf-8").splitlines():
        call, said = line.rsplit("   # ", 1)
        module = f"package a\nimport rego.v1\nviolation contains x if {{ x := {call} }}\n"
        yield pytest.param(module, said, id=call)


def evaluated(module: str) -> list[Any] | None:
    """What the engine says; None if it says that it does not know."""
    try:
        found: list[Any] = json.loads(
            RegoRunner(RegoSource(module, (), True, ())).run(json.dumps(INPUT))
        )
    except SourceFault:
        return None
    return found


def in_order(found: list[Any]) -> list[str]:
    return sorted(json.dumps(each, sort_keys=True) for each in found)


@pytest.mark.parametrize(("module", "said"), [*policies(), *functions()])
def test_the_engine_says_what_opa_says_or_that_it_does_not_know(module, said):
    found = evaluated(module)
    if said in {REFUSED, FAILED} or said.endswith(NOT_HERE):
        assert found is None
    else:
        assert found is not None
        assert in_order(found) == in_order(json.loads(said))


@needs_real_opa
def test_opa_says_it():
    opa = RealOpa()
    wrong = []
    for each in [*policies(), *functions()]:
        module, said = each.values
        found = opa.says({"policy.rego": module}, "a.violation", INPUT)
        expected = said.removesuffix(NOT_HERE)
        if "error" in found or expected in {REFUSED, FAILED}:
            agrees = found.get("error") == expected
        else:
            agrees = in_order(found["result"]) == in_order(json.loads(expected))
        if not agrees:
            wrong.append((each.id, expected, found))
    opa.close()
    assert wrong == []
