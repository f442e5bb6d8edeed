"""A folder with a policy, objects and a suite, as a platform team keeps one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.policies.gatekeeper.samples import V1, code, constraint, dump, template

SCHEMA = {
    "type": "object",
    "properties": {"min": {"type": "integer", "minimum": 1}, "names": {"type": "array"}},
    "required": ["min"],
}


def write(folder: Path, *tests: dict[str, Any], name: str = "suite.yaml", **suite: Any) -> Path:
    """Write everything, and return the suite's file."""
    files = {
        "template.yaml": template(code(V1, version="v1"), **SCHEMA),
        "constraint.yaml": constraint(),
        "wrong.yaml": constraint(parameters={"min": "two"}),
        "one.yaml": deployment(1),
        "two.yaml": deployment(2),
        name: {
            "apiVersion": "test.gatekeeper.sh/v1alpha1",
            "kind": "Suite",
            "metadata": {"name": "demo"},
            "tests": list(tests),
            **suite,
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    for path, document in files.items():
        (folder / path).write_text(dump(document))
    return folder / name


def deployment(replicas: int, namespace: str = "pay", kind: str = "Deployment") -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": replicas},
    }


def test_of(*cases: dict[str, Any], **more: Any) -> dict[str, Any]:
    files = {"template": "template.yaml", "constraint": "constraint.yaml"}
    return {"name": "few", **files, "cases": list(cases), **more}


test_of.__test__ = False  # type: ignore[attr-defined]


def case(name: str = "case", object_file: str = "one.yaml", *assertions: Any, **more: Any) -> Any:
    wanted = list(assertions) or [{"violations": 1}]
    return {"name": name, "object": object_file, "assertions": wanted, **more}


def save(folder: Path, name: str, *documents: Any) -> str:
    (folder / name).write_text(yaml.safe_dump_all(documents))
    return name
