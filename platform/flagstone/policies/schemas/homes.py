"""The places of all fields in the schemas of some kinds, and which of them is nearest to a misplaced field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flagstone.policies.manifests.objects import dig, mapping, sequence
from flagstone.policies.manifests.source_lines import Keys
from flagstone.policies.schemas.definitions import Definition
from flagstone.policies.schemas.likeness import words

Place = tuple[str, ...]  # the way from the root; a list is written `http[]`, any key of a map `*`

_DEEPEST = 40
_FARTHEST = 5  # steps between two places of one object
_MADE_FIRST = 2  # so many steps farther is a place that the object does not have yet
_DEEPEST_IN_GROUP = 4
_DEEPEST_ELSEWHERE = 3
_MOST = 3
_SHAPES: dict[str, type] = {
    "object": dict, "array": list, "string": str, "integer": str, "number": str, "boolean": str,
}  # fmt: skip
_OF_EVERY_OBJECT = frozenset({"name", "namespace", "labels", "annotations"})


@dataclass(frozen=True, slots=True)
class Stray:
    """A field that its kind does not have where it stands.

    Attributes:
        group: of the object.
        kind: of the object.
        name: of the field.
        keys: the way to what holds it.
        siblings: the schemas of the fields that may stand in its place.
        root: the object.
    """

    group: str
    kind: str
    name: str
    keys: Keys
    siblings: dict[str, Any]
    root: dict[str, Any]

    @property
    def fitting(self) -> list[str]:
        """The siblings that could take its value: a list, a mapping or neither."""
        shape = _shape(dig(self.root, *self.keys, self.name))
        return [
            field
            for field, schema in self.siblings.items()
            if _SHAPES.get(dig(schema, "type", 0), shape) == shape
        ]


@dataclass(frozen=True, slots=True)
class Home:
    """Places that have a field and are equally likely: several of one kind, or one of several kinds.

    Attributes:
        places: dotted.
        kinds: that have them.
        is_there: the object has the one place already.
    """

    places: tuple[str, ...]
    kinds: tuple[str, ...]
    is_there: bool = False


class Homes:
    """Every field of some definitions, by name: the kinds and places that have it, but for the status."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self._places: dict[str, dict[tuple[str, str, Place], None]] = {}
        for definition in definitions:
            for schema in definition.schemas.values():
                for name, place in _fields(schema, ()):
                    found = self._places.setdefault(name, {})
                    found[definition.group, definition.kind, place] = None

    def in_object(self, stray: Stray) -> Home | None:
        """The nearest places of its own kind; None if all are far, or too many are equally near."""
        here, costs = _place(stray.keys), {}
        for group, kind, place in self._places.get(stray.name, ()):
            if (group, kind) == (stray.group, stray.kind) and _steps(here, place) <= _FARTHEST:
                made = 0 if _is_there(stray.root, place) else _MADE_FIRST
                costs[place] = _steps(here, place) + made
        nearest = sorted(place for place in costs if costs[place] == min(costs.values()))
        if not 0 < len(nearest) <= _MOST:
            return None
        is_there = len(nearest) == 1 and _is_there(stray.root, nearest[0])
        return Home(tuple(map(_dotted, nearest)), (stray.kind,), is_there)

    def in_group(self, stray: Stray) -> Home | None:
        """The one place in other kinds of its group; None if there are several."""
        return self._shallowest(
            [
                (kind, place)
                for group, kind, place in self._places.get(stray.name, ())
                if group == stray.group and kind != stray.kind
            ],
            stray.name,
            _DEEPEST_IN_GROUP,
        )

    def elsewhere(self, stray: Stray) -> Home | None:
        """The one place in another group, of a name that says more than one word, and that no kind of its own has."""
        places = self._places.get(stray.name, {})
        if len(words(stray.name)) == 1 or stray.group in {group for group, _, _ in places}:
            return None
        found = self._shallowest(
            [(kind, place) for _, kind, place in places], stray.name, _DEEPEST_ELSEWHERE
        )
        return found if found and len({kind for _, kind, _ in places}) == 1 else None

    @staticmethod
    def _shallowest(places: Sequence[tuple[str, Place]], name: str, deepest: int) -> Home | None:
        if not places or name in _OF_EVERY_OBJECT:
            return None
        depth = min(len(place) for _, place in places)
        first = {place for _, place in places if len(place) == depth}
        rivals = {
            place[-1]
            for _, place in places
            if len(place) <= depth + 1 and not any(place[:depth] == at for at in first - {place})
        }
        kinds = {kind for kind, place in places if place in first}
        is_clear = len(rivals) == 1 and 1 in {len(first), len(kinds)}
        if depth > deepest or not is_clear or max(len(first), len(kinds)) > _MOST:
            return None
        return Home(tuple(sorted(map(_dotted, first))), tuple(sorted(kinds)))


def _shape(value: Any) -> type:
    """A mapping, a list, or str for any plain value."""
    return next((shape for shape in (dict, list) if isinstance(value, shape)), str)


def _fields(schema: dict[str, Any], place: Place) -> Iterator[tuple[str, Place]]:
    """Each field below a schema with the place that holds it."""
    if len(place) > _DEEPEST:
        return
    for name, part in mapping(schema.get("properties")).items():
        if place:
            yield name, place
        elif name == "status":
            continue  # the controller writes it
        inner, step = mapping(part), str(name)
        while isinstance(inner.get("items"), dict):
            inner, step = inner["items"], f"{step}[]"
        yield from _fields(inner, (*place, step))
        yield from _fields(mapping(inner.get("additionalProperties")), (*place, step, "*"))


def _place(keys: Keys) -> Place:
    steps: list[str] = []
    for key in keys:
        if isinstance(key, int):
            steps[-1] += "[]"
        else:
            steps.append(key)
    return tuple(steps)


def _dotted(place: Place) -> str:
    return ".".join(place)


def _steps(start: Place, end: Place) -> int:
    """How many steps up and down lead from one place to another."""
    shared = 0
    for one, other in zip(start, end, strict=False):
        if other not in {one, "*"}:
            break
        shared += 1
    return len(start) + len(end) - 2 * shared


def _is_there(value: Any, place: Place) -> bool:
    if not place:
        return isinstance(value, dict)
    if not isinstance(value, dict):
        return False
    if place[0] == "*":
        return any(_is_there(item, place[1:]) for item in value.values())
    items = [value.get(place[0].rstrip("[]"))]
    for _ in range(place[0].count("[]")):
        items = [item for several in items for item in sequence(several)]
    return any(_is_there(item, place[1:]) for item in items)
