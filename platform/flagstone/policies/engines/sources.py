"""A policy's source, in the language that it is written in, as it travels to what runs it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

Keys = tuple[str | int, ...]


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
        return "data.inventory" in self.text


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


Source = RegoSource
_LANGUAGES: dict[str, type[Source]] = {"rego": RegoSource}


def as_dict(source: Source) -> dict[str, Any]:
    """The source as JSON can carry it."""
    name = next(name for name, language in _LANGUAGES.items() if isinstance(source, language))
    return {"language": name, **asdict(source)}


def source_of(data: dict[str, Any]) -> Source:
    """The source that `as_dict` wrote."""
    rest = {key: value for key, value in data.items() if key != "language"}
    return _LANGUAGES[data["language"]](**rest)
