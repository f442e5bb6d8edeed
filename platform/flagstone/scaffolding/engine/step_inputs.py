"""What a step was given, read as what its action needs; a wrong one is told with its line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from flagstone.scaffolding.engine.filters import parse_repo_url, shown
from flagstone.scaffolding.engine.targets import PathWrong, workspace_path
from flagstone.scaffolding.engine.template import Step
from flagstone.scaffolding.engine.workspace import Rename
from flagstone.scaffolding.engine.yaml_source import Place


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a step was given, with every expression in it evaluated."""

    step: Step
    values: Mapping[str, Any]

    def place(self, key: str) -> Place:
        return self.step.place.get("input").get(key)

    def text(self, key: str, default: str = "") -> str:
        value = self.values.get(key)
        return default if value is None else str(shown(value))

    def mapping(self, key: str) -> dict[str, Any]:
        value = self.values.get(key)
        if value is not None and not isinstance(value, dict):
            raise self.place(key).fault(f"{key} must be a mapping")
        return value or {}

    def path(
        self, key: str, *, default: str = "", is_file: bool = False, is_rooted: bool = False
    ) -> str:
        value = self.values.get(key)
        if is_rooted and isinstance(value, str):
            value = value.lstrip(
                "/"
            )  # from the root of the repository, which the workspace becomes
        try:
            path = workspace_path(value, default=default)
        except PathWrong as error:
            raise self.place(key).fault(f"{key} {error}") from error
        if is_file and not path:
            raise self.place(key).fault(f"{key} must name a file")
        return path

    def patterns(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.place(key).fault(f"{key} must be a list of paths or patterns")
        return tuple(value)

    def moves(self, key: str) -> Iterator[Rename]:
        value = self.values.get(key)
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.place(key).fault(f"{key} must be a list of 'from' and 'to'")
        for each in value:
            try:
                source, target = (workspace_path(each.get(end)) for end in ("from", "to"))
            except PathWrong as error:
                raise self.place(key).fault(f"{key}: {error}") from error
            if not source or not target:
                raise self.place(key).fault(f"{key}: each needs 'from' and 'to'")
            yield Rename(source, target, bool(each.get("overwrite")))

    def repository(self, key: str) -> tuple[str, str, str]:
        said = parse_repo_url(self.values.get(key))
        owner = "/".join(
            said[part]
            for part in ("organization", "workspace", "project", "owner")
            if said.get(part)
        )
        if not said["host"] or not owner or not said.get("repo"):
            raise self.place(key).fault(
                f"'{shown(self.values.get(key))}' names no repository: it is written host?owner=…&repo=…"
            )
        return said["host"], owner, said["repo"]


def as_yaml(data: Any, options: Mapping[str, Any]) -> str:
    indent = options.get("indent")
    width = options.get("lineWidth")
    text: str = yaml.safe_dump(
        data,
        sort_keys=bool(options.get("sortKeys")),
        allow_unicode=True,
        indent=indent if isinstance(indent, int) and 1 < indent < 10 else 2,
        width=1_000_000 if not isinstance(width, int) or width < 0 else max(width, 20),
    )
    return text


def as_json(data: Any, space: Any) -> str:
    indent = int(space) if isinstance(space, int) or str(space).isdecimal() else None
    return json.dumps(data, ensure_ascii=False, indent=min(indent, 10) if indent else None)
