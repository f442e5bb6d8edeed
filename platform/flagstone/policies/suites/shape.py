"""The fields of a Suite: gator passes over those that it does not know, in any case of letters.

What is passed over is told, for a misspelt field tests nothing. A value of another type is refused, as gator
refuses the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from flagstone.policies.manifests.objects import mapping, sequence

_Type = Literal["text", "truth", "texts", "count", "anything"]
_TYPES: dict[str, tuple[type, ...]] = {
    # YAML 1.1 makes a truth of `yes` and `no`, which gator reads as texts
    "text": (str, bool),
    "truth": (bool,),
    "count": (int, str, bool),
    "anything": (object,),
}
_WANTED = {"text": "a text", "truth": "true or false", "count": "a number, yes or no"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What one level of a Suite may have: plain fields, and lists of a further level.

    Attributes:
        name: what it is called, with its article.
        fields: the type of each plain field.
        lists: the level of the entries of each other field.
    """

    name: str
    fields: Mapping[str, _Type]
    lists: Mapping[str, Shape] = field(default_factory=dict)

    def read(self, raw: Any) -> dict[str, Any]:
        """The values by the names that gator knows, whatever case of letters they are written in."""
        found: dict[str, Any] = {}
        for key, value in mapping(raw).items():
            name = self._name_of(key)
            if name and (name == key or name not in found):
                found[name] = value
        return found

    def faults(self, raw: Any, place: str = "") -> Iterator[str]:
        """What gator cannot read."""
        if not isinstance(raw, dict):
            yield f"{place} is no {self.name.split()[-1]} but {_shown(raw)}"
            return
        for name, value in self.read(raw).items():
            here = f"{place}.{name}".removeprefix(".")
            wanted = self.fields.get(name)
            if value is None:
                continue
            if name in self.lists or wanted == "texts":
                if not isinstance(value, list):
                    yield f"{here} is no list but {_shown(value)}"
                    continue
                for position, entry in enumerate(value):
                    inner = f"{here}[{position}]"
                    if name in self.lists:
                        yield from self.lists[name].faults(entry, inner)
                    elif not isinstance(entry, str):
                        yield f"{inner} must be a text, and is {_shown(entry)}"
            elif wanted and not isinstance(value, _TYPES[wanted]):
                yield f"{here} must be {_WANTED[wanted]}, and is {_shown(value)}"

    def unknown(self, raw: Any, place: str = "") -> Iterator[str]:
        """Each field that gator passes over."""
        names = [*self.fields, *self.lists]
        for key in mapping(raw):
            if not self._name_of(key):
                close = get_close_matches(key.lower(), names, n=1)
                meant = f"; is {close[0]} meant?" if close else ""
                where = f"{place}: " if place else ""
                yield f"{where}{key} is no field of {self.name} and is passed over{meant}"
        found = self.read(raw)
        for name, inner in self.lists.items():
            for position, entry in enumerate(sequence(found.get(name))):
                yield from inner.unknown(entry, f"{place}.{name}[{position}]".removeprefix("."))

    def _name_of(self, key: str) -> str:
        names = (*self.fields, *self.lists)
        return key if key in names else next((n for n in names if n.lower() == key.lower()), "")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


ASSERTION = Shape("an assertion", {"violations": "count", "message": "text"})
CASE = Shape(
    "a case",
    {"name": "text", "object": "text", "inventory": "texts", "skip": "truth"},
    {"assertions": ASSERTION},
)
TEST = Shape(
    "a test",
    {
        "name": "text",
        "template": "text",
        "constraint": "text",
        "invalid": "truth",
        "skip": "truth",
    },
    {"cases": CASE},
)
SUITE = Shape(
    "a Suite",
    {"skip": "truth", **dict.fromkeys(("apiVersion", "kind", "metadata", "name"), "anything")},
    {"tests": TEST},
)
