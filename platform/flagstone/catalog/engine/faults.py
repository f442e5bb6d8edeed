"""What is wrong with an entity: a field at fault, and a problem that people see, with its place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How much a problem weighs: with an error the document, or a target of it, is not taken."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class FieldFault:
    """A field that breaks a rule; its file and line are found later."""

    keys: tuple[str | int, ...]
    message: str
    code: str = "catalog.field_invalid"
    level: Level = Level.ERROR


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence about one place of one file.

    Attributes:
        level: how much it weighs.
        code: stable, such as `catalog.yaml_invalid`.
        message: what is wrong and what to do.
        path: the file, relative to what was read, or a URL.
        line: 1-based, None where there is no such place.
        column: 1-based, for text that is no YAML.
        ref: the canonical reference of the entity concerned, if one is known.
    """

    level: Level
    code: str
    message: str
    path: str
    line: int | None = None
    column: int | None = None
    ref: str = ""

    def as_item(self) -> dict[str, Any]:
        """The status item that is stored with an entity."""
        return {
            "level": self.level.value,
            "code": self.code,
            "message": self.message,
            "path": self.path,
            "line": self.line,
            "column": self.column,
        }
