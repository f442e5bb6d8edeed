"""`[path, value] := walk(x)`: the engine knows `walk(x, [path, value])` alone, and finds nothing by the other."""

from __future__ import annotations

from flagstone.policies.engines.rego.lacks import Lack, line_at
from flagstone.policies.engines.rego.literals import (
    closing,
    literal_begin,
    literal_end,
    put_before,
)
from flagstone.policies.engines.rego.rewriting import EditsAt, written_out
from flagstone.policies.engines.rego.statements import Edit, Word, on_one_line, words

_NAME = "flagstone_walked_"
_REASON = (
    "it uses walk() with one argument in a way that the engine here does not know; "
    "write walk(x, [path, value]) in a line of its own"
)


def walks(rego: str) -> tuple[str, Lack | None]:
    """The text with all of them written out, and the first one that cannot be."""
    return written_out(rego, "walk", _edits_at), _odd(rego)


def _odd(rego: str) -> Lack | None:
    found = list(words(rego))
    for place, word in enumerate(found):
        is_odd = word.text == "walk" and _has_one_argument(found, place)
        if is_odd and not _is_all_that_is_assigned(found, place):
            return Lack(_REASON, line_at(rego, word.begin), is_of_the_engine=True)
    return None


def _edits_at(rego: str, _: list[Word]) -> EditsAt:
    def edits(found: list[Word], place: int, turn: str) -> list[Edit]:
        if not (_has_one_argument(found, place) and _is_all_that_is_assigned(found, place)):
            return []
        return _written(rego, found, place, turn)

    return edits


def _has_one_argument(found: list[Word], place: int) -> bool:
    is_call = place + 1 < len(found) and found[place + 1].text == "("
    is_theirs = place > 0 and found[place - 1].text == "."
    if not is_call or is_theirs:
        return False
    inside = found[place + 2 : closing(found, place + 1)]
    return not any(word.text == "," and word.depth == found[place].depth + 1 for word in inside)


def _is_all_that_is_assigned(found: list[Word], place: int) -> bool:
    """Tell whether the expression is `… := walk(…)` or `… = walk(…)`, and nothing more."""
    begin = literal_begin(found, place)
    is_assigned = found[place - 1].text in {":=", "="} and found[place - 2].text not in set("=!<>")
    ends = literal_end(found, begin) == closing(found, place + 1) + 1
    return place - begin > 1 and is_assigned and ends and found[begin].text not in {"not", "some"}


def _written(rego: str, found: list[Word], place: int, turn: str) -> list[Edit]:
    begin, end = literal_begin(found, place), closing(found, place + 1)
    name = f"{_NAME}{turn}{found[place].begin}"
    call = on_one_line(rego, found[place:end])
    lines = "\n" * rego.count("\n", found[place].begin, found[end].end)
    return [
        *put_before(found, begin, end + 1, f"{call}, {name})"),
        Edit(found[place].begin, found[end].end, f"({lines}{name})" if lines else name),
    ]
