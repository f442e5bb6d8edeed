"""What an expression comes to without a cloud: plain values, and what stands for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flagstone.policies.terraform.module import Module


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that cannot be worked out here.

    Attributes:
        reason: why not.
        sensitive: Terraform hides it.
        made_of: the values that are not known and that went into it.
    """

    reason: str
    sensitive: bool = False
    made_of: tuple[Unknown | Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """An attribute of a resource or data source.

    Attributes:
        module: the module that the address counts in.
        address: such as `aws_s3_bucket.artifacts` or `data.archive_file.canary`.
        path: the attribute and what lies below it.
        key: which instance, of a block with count or for_each; None for whichever.
    """

    module: Module = field(repr=False)
    address: str
    path: tuple[str, ...] = ()
    key: str | int | None = None

    @property
    def type(self) -> str:
        return self.address.removeprefix("data.").partition(".")[0]

    @property
    def text(self) -> str:
        return ".".join((self.address, *self.path))


@dataclass(frozen=True, slots=True)
class Index:
    """A step that stands in brackets: of a block with count or for_each it picks an instance."""

    value: Any


@dataclass(frozen=True, slots=True)
class Partial:
    """A text of which some parts are not known: texts, references and unknown values in turn."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class JsonText:
    """What jsonencode makes: the value itself, since some of it may not be known."""

    value: Any


def is_plain(value: Any) -> bool:
    """Whether it is a known text, number, truth value or null."""
    return value is None or isinstance(value, str | int | float | bool)


def as_text(value: Any) -> str:
    """A known plain value as Terraform writes it into a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def as_number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def as_truth(value: Any) -> bool | None:
    """True and false, also as the texts that Terraform takes for them."""
    return (
        {True: True, False: False, "true": True, "false": False}.get(value)
        if is_plain(value)
        else None
    )


def unknown_parts(value: Any) -> Iterator[Unknown | Reference]:
    """What in a value is not known, not looking into lists and maps."""
    if isinstance(value, Unknown | Reference):
        yield value
        yield from value.made_of if isinstance(value, Unknown) else ()
    elif isinstance(value, Partial):
        for part in value.parts:
            if isinstance(part, Unknown | Reference):
                yield from unknown_parts(part)


def why_unknown(value: Any) -> str:
    """Say why a value is not known; "" if it is."""
    for part in unknown_parts(value):
        if isinstance(part, Unknown):
            return part.reason
        return f"{part.text} is known to the cloud only"
    return ""
