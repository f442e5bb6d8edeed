"""One document of a catalogue file after it was judged, and the fields that everyone asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flagstone.catalog.engine.documents import Document, Keys
from flagstone.catalog.engine.faults import Level, Problem
from flagstone.catalog.engine.refs import DEFAULT_NAMESPACE, EntityRef


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document, taken or not.

    Attributes:
        path: the file it stands in, relative to what was read, or a URL.
        index: its place in that file, from 0.
        line: 1-based line of its first content.
        raw: what it holds; None if it is no YAML or no mapping.
        accepted: whether it is an entity.
        problems: what is wrong with it; an accepted one can have problems too, such as a target that is gone.
    """

    path: str
    index: int
    line: int
    raw: dict[str, Any] | None
    accepted: bool
    problems: tuple[Problem, ...] = ()
    source: Document | None = field(default=None, repr=False, compare=False)

    def line_of(self, keys: Keys) -> int:
        """The 1-based line of a key path, or of its nearest ancestor that exists."""
        return self.source.line_of(keys) if self.source else self.line

    @property
    def kind(self) -> str:
        return _text(self.raw, "kind")

    @property
    def name(self) -> str:
        return _text(self.metadata, "name")

    @property
    def namespace(self) -> str:
        return _text(self.metadata, "namespace") or DEFAULT_NAMESPACE

    @property
    def metadata(self) -> Mapping[str, Any]:
        return _mapping(self.raw, "metadata")

    @property
    def spec(self) -> Mapping[str, Any]:
        return _mapping(self.raw, "spec")

    @property
    def ref(self) -> EntityRef | None:
        """Who it is, or means to be; None if it does not say."""
        if not self.kind or not self.name:
            return None
        return EntityRef(self.kind, self.namespace, self.name)

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.level is Level.ERROR)

    def spec_text(self, field: str) -> str:
        """A field of `spec` if it is a text, else nothing."""
        return _text(self.spec, field)


def _mapping(value: Mapping[str, Any] | None, field: str) -> Mapping[str, Any]:
    found = value.get(field) if value is not None else None
    return found if isinstance(found, dict) else {}


def _text(value: Mapping[str, Any] | None, field: str) -> str:
    found = value.get(field) if value is not None else None
    return found if isinstance(found, str) else ""
