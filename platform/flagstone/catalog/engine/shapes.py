"""A small vocabulary for the shape of values: each shape tells what is wrong with a value, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from flagstone.catalog.engine.faults import FieldFault
from flagstone.catalog.engine.placeholders import is_placeholder

Keys = tuple[str | int, ...]


class Shape(Protocol):
    def faults(self, value: Any, keys: Keys) -> Iterator[FieldFault]: ...


@dataclass(frozen=True, slots=True)
class Text:
    """A text, not empty unless said so; one of `among` if given. A placeholder stands for any text."""

    may_be_empty: bool = False
    among: tuple[str, ...] = ()

    def faults(self, value: Any, keys: Keys) -> Iterator[FieldFault]:
        if is_placeholder(value):
            return
        if not isinstance(value, str):
            yield wrong_type(keys, "a text", value)
        elif not value and not self.may_be_empty:
            yield FieldFault(keys, f"{spell(keys)} is empty; write a text or leave the field out.")
        elif self.among and value not in self.among:
            allowed = " or ".join(self.among)
            yield FieldFault(keys, f'{spell(keys)} is "{value}"; it can be {allowed}.')


@dataclass(frozen=True, slots=True)
class TextOrBool:
    def faults(self, value: Any, keys: Keys) -> Iterator[FieldFault]:
        if not isinstance(value, str | bool) and not is_placeholder(value):
            yield wrong_type(keys, "a text, true or false", value)


@dataclass(frozen=True, slots=True)
class ListOf:
    item: Shape
    at_least: int = 0

    def faults(self, value: Any, keys: Keys) -> Iterator[FieldFault]:
        if is_placeholder(value):
            return
        if not isinstance(value, list):
            yield wrong_type(keys, "a list", value)
            return
        if len(value) < self.at_least:
            yield FieldFault(keys, f"{spell(keys)} needs at least {self.at_least} entry.")
        for index, item in enumerate(value):
            yield from self.item.faults(item, (*keys, index))


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping. Fields that are not named here may stand in it, of any shape unless `others` says one."""

    required: tuple[str, ...] = ()
    fields: Mapping[str, Shape] = field(default_factory=dict)
    others: Shape | None = None

    def faults(self, value: Any, keys: Keys) -> Iterator[FieldFault]:
        if is_placeholder(value):
            return
        if not isinstance(value, dict):
            yield wrong_type(keys, "a mapping", value)
            return
        for name in self.required:
            if name not in value:
                yield missing((*keys, name))
        for name, item in value.items():
            shape = self.fields.get(name, self.others)
            if shape is not None:
                yield from shape.faults(item, (*keys, name))


@dataclass(frozen=True, slots=True)
class RecordOrList:
    """One mapping, or a list of such."""

    record: Record

    def faults(self, value: Any, keys: Keys) -> Iterator[FieldFault]:
        shape: Shape = ListOf(self.record) if isinstance(value, list) else self.record
        yield from shape.faults(value, keys)


def missing(keys: Keys) -> FieldFault:
    return FieldFault(keys, f"{spell(keys)} is missing.", code="catalog.field_missing")


def wrong_type(keys: Keys, wanted: str, value: Any) -> FieldFault:
    return FieldFault(keys, f"{spell(keys)} must be {wanted}, not {describe(value)}.")


def describe(value: Any) -> str:
    """Name a value as the person who wrote the YAML sees it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"{str(value).lower()} (quote it to make it a text)"
    if isinstance(value, int | float):
        return f"the number {value} (quote it to make it a text)"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else f'the text "{value[:80]}"'


def spell(keys: Keys) -> str:
    """Write a key path: `metadata.links[0].url`."""
    path = ""
    for key in keys:
        if isinstance(key, int):
            path += f"[{key}]"
        else:
            path += f".{key}" if path else key
    return path
