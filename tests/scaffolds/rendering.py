"""Renders layers with cookiecutter itself, so that the templates are proved without Flagstone's engine."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from cookiecutter.environment import StrictEnvironment
from cookiecutter.generate import generate_files

from flagstone.core.content import content_dir

SCAFFOLDS = content_dir("scaffolds")


def render(layer: str, answers: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return the rendered files by path; answers come out as those very characters."""
    return dict(_rendered(layer, json.dumps(dict(answers or {}))))


@cache
def _rendered(layer: str, answers: str) -> dict[str, str]:
    """Many tests look at the same service, each at something else."""
    folder = SCAFFOLDS / layer
    with tempfile.TemporaryDirectory() as output:
        made = generate_files(
            repo_dir=folder,
            context={"cookiecutter": _finished(folder, json.loads(answers))},
            output_dir=output,
            accept_hooks=False,
        )
        root = Path(made)
        paths = [path for path in sorted(root.rglob("*")) if path.is_file()]
        return {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in paths}


def render_service(layer: str, answers: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return a service's repository: its layer over those that it shares with others."""
    kind = "worker" if layer.startswith("worker") else "api"
    runtime = {"node-api": "node", "go-api": "go"}.get(layer.partition("/")[0], "python")
    files = _shared("service-base", answers, kind=kind, runtime=runtime)
    if runtime == "python":
        files |= _shared("python-base", answers, kind=kind)
    return files | render(layer, answers)


def _shared(layer: str, answers: Mapping[str, Any] | None, **options: str) -> dict[str, str]:
    declared = json.loads((SCAFFOLDS / layer / "cookiecutter.json").read_text("utf-8"))
    taken = {key: value for key, value in (answers or {}).items() if key in declared}
    return render(layer, taken | {key: v for key, v in options.items() if key in declared})


def manifests(files: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return every object of every YAML file that Argo CD would apply."""
    return [
        document
        for path, text in files.items()
        if path.endswith(".yaml") and not path.endswith(("catalog-info.yaml", "_test.yaml"))
        for document in yaml.load_all(text, UniqueKeyLoader)
        if document and "apiVersion" in document
    ]


def one(files: Mapping[str, str], kind: str, name: str = "") -> dict[str, Any]:
    found = [
        item
        for item in manifests(files)
        if item["kind"] == kind and name in ("", item["metadata"]["name"])
    ]
    assert len(found) == 1, f"{len(found)} objects of kind {kind} {name}"
    return found[0]


class UniqueKeyLoader(yaml.SafeLoader):
    """Refuses a mapping that names one key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key is repeated: {keys}"
        return super().construct_mapping(node, deep)


def _finished(folder: Path, answers: Mapping[str, Any]) -> dict[str, Any]:
    declared = json.loads((folder / "cookiecutter.json").read_text("utf-8"))
    assert set(answers) <= set(declared), f"{folder.name} does not ask for these"
    environment = StrictEnvironment(context={"cookiecutter": declared})
    finished: dict[str, Any] = {}
    for key, default in declared.items():
        if not isinstance(default, str):  # options: a switch, or the first choice
            finished[key] = answers.get(key, default[0] if isinstance(default, list) else default)
            continue
        template = environment.from_string(str(default))
        finished[key] = answers[key] if key in answers else template.render(cookiecutter=finished)
    return finished
