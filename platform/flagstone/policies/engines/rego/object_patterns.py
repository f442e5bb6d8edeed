"""`some {"name": n} in xs`: OPA matches objects of just these keys, the engine those that have more as well."""

from __future__ import annotations

from flagstone.policies.engines.rego.literals import closing, literal_end
from flagstone.policies.engines.rego.rewriting import EditsAt, written_out
from flagstone.policies.engines.rego.statements import Edit, Word, on_one_line

_NAME = "flagstone_of_"


def object_patterns(rego: str) -> str:
    """The text with each of them matched by its number of keys first; lines stay as they are."""
    return written_out(rego, "some", _edits_at)


def _edits_at(rego: str, _: list[Word]) -> EditsAt:
    return lambda found, place, turn: _matched(rego, found, place, turn)


def _matched(rego: str, found: list[Word], place: int, turn: str) -> list[Edit]:
    end = literal_end(found, place)
    opening = _pattern(found, place, end)
    if opening is None:
        return []
    close = closing(found, opening)
    if any(word.text.startswith(_NAME) for word in found[close + 1 : close + 4]):
        return []  # it is written out
    name = f"{_NAME}{turn}{found[opening].begin}"
    pattern = on_one_line(rego, found[opening : close + 1])
    lines = "\n" * rego.count("\n", found[opening].begin, found[close].end)
    checks = f"; is_object({name}); count({name}) == {_keys(found, opening, close)}; some {pattern} in [{name}]"
    edits = [
        Edit(found[opening].begin, found[close].end, f"{name}{lines}"),
        Edit(found[end - 1].end, found[end - 1].end, checks),
    ]
    if place and found[place - 1].text == "if":
        begin, behind = found[place].begin, found[end - 1].end
        return [Edit(begin, begin, "{ "), *edits, Edit(behind, behind, " }")]
    return edits


def _pattern(found: list[Word], place: int, end: int) -> int | None:
    """Where the value's pattern opens, if it is an object: behind `some`, or behind `some key,`."""
    depth = found[place].depth
    level = [each for each in range(place + 1, end) if found[each].depth == depth]
    before_in = next((each for each in level if found[each].text == "in"), None)
    if before_in is None:
        return None
    return next(
        (
            each
            for each in level
            if each < before_in
            and found[each].text == "{"
            and found[each - 1].text in {"some", ","}
            and closing(found, each) == before_in - 1
        ),
        None,
    )


def _keys(found: list[Word], opening: int, close: int) -> int:
    inside = [word for word in found[opening + 1 : close] if word.depth == found[opening].depth + 1]
    return sum(word.text == ":" for word in inside)
