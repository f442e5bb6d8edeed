"""YAML with the line of every value: read safely, within limits, as JSON types only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from flagstone.scaffolding.engine.keepable import keeping_fault
from flagstone.scaffolding.errors import TemplateError

MAX_BYTES = 256 * 1024
MAX_VALUES = 20_000
MAX_DEPTH = 40

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_JSON_TAGS = {
    "tag:yaml.org,2002:null",
    "tag:yaml.org,2002:bool",
    "tag:yaml.org,2002:int",
    "tag:yaml.org,2002:float",
}
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A value together with where it stands, so that every complaint names file and line."""

    file: str
    value: Any
    path: Path = ()
    lines: dict[Path, int] = field(default_factory=dict, repr=False)

    @property
    def line(self) -> int:
        path = self.path
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    @property
    def title(self) -> str:
        return ".".join(str(part) for part in self.path) or "the document"

    def fault(self, reason: str) -> TemplateError:
        return TemplateError(reason, file=self.file, line=self.line)

    def __contains__(self, key: str) -> bool:
        return key in self.mapping()

    def get(self, key: str) -> Place:
        """Return the value under a key; None's place when it is absent."""
        return Place(self.file, self.mapping().get(key), (*self.path, key), self.lines)

    def need(self, key: str) -> Place:
        found = self.get(key)
        if found.value is None:
            raise self.fault(f"{self.title} lacks '{key}'")
        return found

    def mapping(self) -> dict[str, Any]:
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            raise self.fault(f"{self.title} must be a mapping")
        return self.value

    def items(self) -> Iterator[tuple[str, Place]]:
        for key in self.mapping():
            yield key, self.get(key)

    def entries(self) -> list[Place]:
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            raise self.fault(f"{self.title} must be a list")
        return [
            Place(self.file, value, (*self.path, number), self.lines)
            for number, value in enumerate(self.value)
        ]

    def text(self, default: str = "") -> str:
        if self.value is None:
            return default
        if not isinstance(self.value, str):
            raise self.fault(f"{self.title} must be a text")
        return self.value

    def texts(self) -> tuple[str, ...]:
        return tuple(entry.text() for entry in self.entries())


def read(content: bytes, *, file: str) -> Place:
    """Parse one YAML document; a TemplateError names the line of what is wrong."""
    if len(content) > MAX_BYTES:
        raise TemplateError(f"is larger than {MAX_BYTES // 1024} KB", file=file)
    try:
        text = content.decode()
        _refuse_depth(text, file)
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            reader = _Reader(file, loader)
            value = reader.build(root, ()) if root is not None else None
        finally:
            loader.dispose()
    except UnicodeDecodeError as error:
        raise TemplateError("is not UTF-8 text", file=file) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TemplateError(
            f"is not valid YAML: {error.problem or error.context}",
            file=file,
            line=mark.line + 1 if mark else None,
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise TemplateError("is not valid YAML", file=file) from error
    return Place(file, value, (), reader.lines)


def _refuse_depth(text: str, file: str) -> None:
    """Count the nesting first: the C composer calls itself, and a deep document would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else None
            raise TemplateError(f"is nested deeper than {MAX_DEPTH}", file=file, line=line)


class _Reader:
    """Builds values from YAML nodes, counting what aliases expand to."""

    def __init__(self, file: str, loader: Any) -> None:
        self.file = file
        self.loader = loader
        self.lines: dict[Path, int] = {}
        self.values = 0

    def build(self, node: yaml.Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self.values += 1
        if self.values > MAX_VALUES:
            raise TemplateError(f"holds more than {MAX_VALUES} values", file=self.file, line=line)
        if len(path) > MAX_DEPTH:
            raise TemplateError(f"is nested deeper than {MAX_DEPTH}", file=self.file, line=line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, number)) for number, item in enumerate(node.value)]
        if fault := keeping_fault(node.value):
            raise TemplateError(f"has a text that {fault}", file=self.file, line=line)
        if node.tag not in _JSON_TAGS:
            return node.value
        try:
            value = self.loader.construct_object(node)
        except (ValueError, LookupError) as error:
            raise TemplateError(
                f"has the value '{node.value[:40]}', which cannot be read as what it looks like",
                file=self.file,
                line=line,
            ) from error
        # JSON knows neither infinity nor not-a-number: they stay the text that was written
        return node.value if isinstance(value, float) and not math.isfinite(value) else value

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        self._refuse_duplicates(node)
        self.loader.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise TemplateError(
                    "has a key that is not a text", file=self.file, line=key.start_mark.line + 1
                )
            if fault := keeping_fault(key.value):
                raise TemplateError(
                    f"has a key that {fault}", file=self.file, line=key.start_mark.line + 1
                )
            self.lines[(*path, key.value)] = key.start_mark.line + 1
            result[key.value] = self.build(value, (*path, key.value))
        return result

    def _refuse_duplicates(self, node: yaml.MappingNode) -> None:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge" or not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise TemplateError(
                    f"has the key '{key.value}' twice", file=self.file, line=key.start_mark.line + 1
                )
            seen.add(key.value)
