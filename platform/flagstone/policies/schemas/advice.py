"""Where a field belongs that the schema does not know in its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from flagstone.policies.manifests.objects import mapping
from flagstone.policies.schemas.definitions import Definition

_SHOWN = 12
_DEEPEST = 40


class Homes:
    """Every field of some definitions, by name: the kinds and places that have it."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self._places: dict[str, dict[tuple[str, str], None]] = {}
        for definition in definitions:
            for schema in definition.schemas.values():
                for name, place in _fields(schema, ""):
                    self._places.setdefault(name, {})[definition.kind, place] = None

    def advice(self, kind: str, name: str, siblings: Iterable[str]) -> str:
        """What to do with a field that a kind does not have where it stands.

        Args:
            kind: of the object.
            name: of the field.
            siblings: the fields that may stand in its place.
        """
        siblings = sorted(siblings)
        near = get_close_matches(name, siblings, n=1, cutoff=0.8)
        starting = [field for field in siblings if field.startswith(name)]
        if near or len(starting) == 1:
            return f"the field is called {(near or starting)[0]}"
        places = list(self._places.get(name, ()))
        own = [place for holder, place in places if holder == kind]
        if own:
            return f"it belongs to {_shortest(own)} of a {kind}"
        kinds = sorted({holder for holder, _ in places})
        if kinds:
            holder = kinds[0]
            place = _shortest([at for owner, at in places if owner == holder])
            return f"it belongs to {place} of a {holder}"
        if guess := get_close_matches(name, siblings, n=1):
            return f"did you mean {guess[0]}?"
        if not siblings:
            return "no field may stand here"
        more = ", …" if len(siblings) > _SHOWN else ""
        return f"the fields here are {', '.join(siblings[:_SHOWN])}{more}"


def _shortest(places: list[str]) -> str:
    return min(places, key=lambda place: (place.count("."), len(place), place))


def _fields(schema: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    """Each field below a schema with the dotted place that holds it; lists are written `http[]`."""
    if place.count(".") > _DEEPEST:
        return
    for name, part in mapping(schema.get("properties")).items():
        if place:
            yield name, place
        inner, step = mapping(part), f"{place}.{name}" if place else str(name)
        while isinstance(inner.get("items"), dict):
            inner, step = inner["items"], f"{step}[]"
        yield from _fields(inner, step)
        yield from _fields(mapping(inner.get("additionalProperties")), f"{step}.*")
