"""What a rendering is asked for, what it may take, and what it answers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from flagstone.scaffolding.engine.trees import RenderedTree


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may take; reaching any of them stops it with a sentence."""

    wall_seconds: int = 30
    cpu_seconds: int = 20
    memory_bytes: int = 512 * 1024 * 1024
    memory_bytes_together: int = 1024 * 1024 * 1024
    file_bytes: int = 8 * 1024 * 1024
    total_bytes: int = 64 * 1024 * 1024
    files: int = 2000
    processes: int = 64


class LayerKind(StrEnum):
    """What a layer's files are."""

    COOKIECUTTER = "cookiecutter"
    SKELETON = "skeleton"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Occasion:
    """What templates see of time and chance; the same occasion gives the same files.

    Args:
        moment: In ISO 8601, with its offset.
        chance: Drawn once; random texts come from it.
    """

    moment: str
    chance: str

    @classmethod
    def of(cls, moment: datetime) -> Occasion:
        return cls(moment.isoformat(), secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class LayerJob:
    """One layer to render.

    Args:
        folder: The cookiecutter template: the folder that holds cookiecutter.json; or the skeleton, or what is copied.
        given: Values for its variables; they are data and come out as those very characters.
        label: How the folder is called in errors, such as `python-api/service`.
        runs_code: Its hooks and its own Jinja extensions run, in a jail; else they are left out or refused.
        only_variables: Finish the variables and write no file.
        kind: How its files are read.
        options: Of a skeleton, see `render_skeleton`.
        address: Where the template comes from, for templates that write it down.
        occasion: The clock and the dice that its templates see; the real ones without.
    """

    folder: Path
    given: Mapping[str, Any]
    label: str = ""
    runs_code: bool = False
    only_variables: bool = False
    kind: LayerKind = LayerKind.COOKIECUTTER
    options: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""
    occasion: Occasion | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what a child process has to know; the layer's folder is the parent's matter."""
        return {
            "given": dict(self.given),
            "options": dict(self.options),
            "only_variables": self.only_variables,
            "address": self.address,
            "occasion": asdict(self.occasion) if self.occasion else None,
        }

    @property
    def name(self) -> str:
        """What errors call it."""
        return self.label or self.folder.name


@dataclass(frozen=True, slots=True)
class RenderedLayer:
    """A rendered layer.

    Args:
        tree: What it wrote.
        variables: The finished context that it was rendered with.
        said: The end of what its hooks printed.
        by_chance: Whether its occasion shows in a file, so that it has to be kept.
    """

    tree: RenderedTree
    variables: Mapping[str, Any]
    said: str = ""
    by_chance: bool = False
