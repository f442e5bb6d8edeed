"""A policy's source, in the language that it is written in, as it travels to what runs it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from flagstone.policies.cel.cluster_only import asked_of_the_cluster
from flagstone.policies.engines.rego.request_fields import (
    BY_ANY_KEY,
    OF_A_REQUEST,
    OF_THE_NAMESPACE,
    asked_of_the_request,
)

Keys = tuple[str | int, ...]
REFUSES = "refuses"  # of a result of CEL: the request is refused whatever the binding says

# `data.inventory`, `data["inventory"]`, and `data[name]`, which may be it
_INVENTORY = re.compile(r"\bdata\s*(?:\.\s*inventory\b|\[)")


@dataclass(frozen=True, slots=True)
class RegoSource:
    """The Rego of one template: `keys` lead to what holds it in the manifest, for lines."""

    rego: str
    libs: tuple[str, ...]
    is_v1: bool
    keys: Keys

    @property
    def text(self) -> str:
        return "\n".join((self.rego, *self.libs))

    @property
    def first(self) -> Keys:
        """The way to where it begins, in the manifest."""
        return (*self.keys, "rego")

    @property
    def needs_inventory(self) -> bool:
        return _INVENTORY.search(self.text) is not None

    @property
    def asked_of_the_cluster(self) -> list[str]:
        """What it asks for that no manifest tells, such as `input.review.userInfo`."""
        asked = asked_of_the_request((self.rego, *self.libs))
        if BY_ANY_KEY in asked:
            return [f"input.review{BY_ANY_KEY} by a key that is computed"]
        return sorted(f"input.review.{name}" for name in asked & OF_A_REQUEST)

    @property
    def asks_for_the_namespace(self) -> bool:
        """Whether it reads the Namespace of the object."""
        return not OF_THE_NAMESPACE.isdisjoint(asked_of_the_request((self.rego, *self.libs)))


@dataclass(frozen=True, slots=True)
class CelSource:
    """CEL of a template or of an admission policy.

    Attributes:
        validations: the expression, message and message expression of each; "" where there is none.
        variables: the name and expression of each, in their order.
        conditions: the name and expression of each match condition.
        fails: whether an expression that has no value counts as a violation.
        in_gatekeeper: whether Gatekeeper's own variables are there.
        keys: the way to what holds all that in the manifest.
        annotations: the key and value expression of each audit annotation.
        has_parameters: whether it takes some: `params` exists only then.
    """

    validations: tuple[tuple[str, str, str], ...]
    variables: tuple[tuple[str, ...], ...]
    conditions: tuple[tuple[str, ...], ...]
    fails: bool
    in_gatekeeper: bool
    keys: Keys
    annotations: tuple[tuple[str, ...], ...] = ()
    has_parameters: bool = True

    @property
    def text(self) -> str:
        parts = (*self.variables, *self.conditions, *self.validations, *self.annotations)
        return "\n".join(text for part in parts for text in part)

    @property
    def needs_inventory(self) -> bool:
        return False

    @property
    def asked_of_the_cluster(self) -> list[str]:
        """What it asks for that no manifest tells, such as `request.userInfo`."""
        parts = (*self.variables, *self.conditions, *self.annotations)
        expressions = [part[1] for part in parts]
        expressions += [text for first, _, last in self.validations for text in (first, last)]
        return sorted(set().union(*map(asked_of_the_cluster, expressions)))

    @property
    def first(self) -> Keys:
        """The way to where it begins, in the manifest."""
        return (*self.keys, "validations")


class SourceFault(Exception):
    """A source that cannot be compiled, or not be evaluated on this input.

    Args:
        reason: what is wrong, in the engine's words.
        keys: the way to the text that is at fault, from what holds the source.
        line: the 1-based line in that text, 0 if it is not known.
        only_here: nothing is wrong with the source; what it needs is not available here.
    """

    def __init__(
        self,
        reason: str,
        *,
        keys: Keys = (),
        line: int = 0,
        only_here: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.keys = keys
        self.line = line
        self.only_here = only_here

    def as_dict(self) -> dict[str, Any]:
        return {
            "reason": self.reason,
            "keys": self.keys,
            "line": self.line,
            "only_here": self.only_here,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SourceFault:
        return cls(
            str(data["reason"]),
            keys=tuple(data["keys"]),
            line=data["line"],
            only_here=data["only_here"],
        )


Source = RegoSource | CelSource
_LANGUAGES: dict[str, type[Source]] = {"rego": RegoSource, "cel": CelSource}


def as_dict(source: Source) -> dict[str, Any]:
    """The source as JSON can carry it."""
    name = next(name for name, language in _LANGUAGES.items() if isinstance(source, language))
    return {"language": name, **asdict(source)}


def source_of(data: dict[str, Any]) -> Source:
    """The source that `as_dict` wrote."""
    rest = {key: value for key, value in data.items() if key != "language"}
    return _LANGUAGES[data["language"]](**rest)
