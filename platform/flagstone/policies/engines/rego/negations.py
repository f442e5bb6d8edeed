"""`not f(x.y)`: OPA looks up what is negated before it negates, so without an `x.y` the line is not fulfilled.

The engine takes it as fulfilled then. What OPA's compiler does is done to the text: each reference and call that a
negated expression is made of gets a name of its own before the `not`. Left in place is what is negated itself
(`not x.y`), and a side of a comparison with `==`, which OPA takes for unification.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flagstone.policies.engines.rego.calls import names_of_rules
from flagstone.policies.engines.rego.lacks import Lack, line_at
from flagstone.policies.engines.rego.literals import (
    closing,
    end_of_term,
    is_comprehension,
    literal_end,
    put_before,
)
from flagstone.policies.engines.rego.rewriting import EditsAt, written_out
from flagstone.policies.engines.rego.statements import (
    Edit,
    Word,
    is_name,
    on_one_line,
    words,
)

_NAME = "flagstone_first_"
_UNSAFE = (
    "it negates an expression with _, which OPA refuses as unsafe: "
    "put the expression into a rule or a function of its own, and negate that"
)
_NO_TERMS = frozenset({"false", "in", "null", "true"})

Span = tuple[int, int]  # of words: the first place, and that behind the last


def negations(rego: str) -> tuple[str, Lack | None]:
    """The text with all of them written out, and the first that OPA refuses."""
    return written_out(rego, "not", _edits_at), _refused(rego)


def _refused(rego: str) -> Lack | None:
    found = list(words(rego))
    rules = names_of_rules(found)
    for place, word in enumerate(found[:-1]):
        negated = _negated(found, place, rules) if word.text == "not" else None
        if negated is not None and negated.is_unsafe(list(negated.firsts())):
            return Lack(_UNSAFE, line_at(rego, word.begin), is_of_the_engine=False)
    return None


def _edits_at(rego: str, found: list[Word]) -> EditsAt:
    rules = names_of_rules(found)

    def edits(found: list[Word], place: int, turn: str) -> list[Edit]:
        negated = _negated(found, place, rules)
        return _written(rego, found, place, list(negated.firsts()), turn) if negated else []

    return edits


def _negated(found: list[Word], place: int, rules: set[str]) -> _Negated | None:
    """What a `not` negates; None if it is a part of a name."""
    if place and found[place - 1].text == ".":
        return None
    return _Negated(found, *_expression(found, place), rules)


def _expression(found: list[Word], place: int) -> Span:
    """What is negated, without the parentheses around all of it and without `with …`."""
    begin, end = place + 1, _with(found, place)
    while begin < end and found[begin].text == "(" and closing(found, begin) == end - 1:
        begin, end = begin + 1, end - 1
    return begin, end


def _with(found: list[Word], place: int) -> int:
    """Where the modifiers of an expression begin; its end, if it has none."""
    depth, end = found[place].depth, literal_end(found, place)
    inside = range(place + 1, end)
    return next((i for i in inside if found[i].depth == depth and found[i].text == "with"), end)


@dataclass(frozen=True, slots=True)
class _Negated:
    found: list[Word]
    begin: int
    end: int
    rules: set[str]

    def firsts(self) -> Iterator[Span]:
        """The references and calls that are looked up before."""
        sides = self._sides()
        if not sides and end_of_term(self.found, self.begin, self.end) == self.end:
            yield from self._in_brackets(self.begin, self.end)
            return
        for begin, end in sides or [(self.begin, self.end)]:
            if sides and self._is_reference(begin, end):
                yield from self._in_brackets(begin, end)
            else:
                yield from self._terms(begin, end)

    def is_unsafe(self, firsts: list[Span]) -> bool:
        """Tell whether a `_` is negated, which what stands in calls and comprehensions is not."""
        passed = {
            place
            for begin, end in [*firsts, *self._comprehensions()]
            if self.found[begin].text in "[{" or "(" in self._texts(begin, end)
            for place in range(begin, end)
        }
        negated = set(range(self.begin, self.end)) - passed
        return any(self.found[place].text == "_" for place in negated)

    def _sides(self) -> list[Span]:
        """Those of a comparison with `==` or `=`, if that is what is negated."""
        found, depth = self.found, self.found[self.begin].depth
        level = [place for place in range(self.begin, self.end) if found[place].depth == depth]
        if any(found[place].text in {"in", "<", ">", "!"} for place in level):
            return []
        for place in level:
            if found[place].text == "=":
                is_double = (
                    found[place + 1].text == "=" and found[place + 1].begin == found[place].end
                )
                return [(self.begin, place), (place + 1 + is_double, self.end)]
        return []

    def _is_reference(self, begin: int, end: int) -> bool:
        return end_of_term(self.found, begin, end) == end and "(" not in self._texts(begin, end)

    def _in_brackets(self, begin: int, end: int) -> Iterator[Span]:
        """Of what is negated itself only what stands in its brackets is looked up before."""
        depth = self.found[begin].depth
        for place in range(begin, end):
            if self.found[place].depth == depth and self.found[place].text in "[(":
                yield from self._terms(place + 1, closing(self.found, place))

    def _terms(self, begin: int, end: int) -> Iterator[Span]:
        """The references and calls, but for those inside of comprehensions."""
        place = begin
        while place < end:
            word = self.found[place]
            if is_comprehension(self.found, place):
                place = closing(self.found, place) + 1
                continue
            behind = end_of_term(self.found, place, end)
            is_term = is_name(word) and word.text not in _NO_TERMS
            if is_term and (behind > place + 1 or word.text in self.rules):
                yield place, behind
            place = max(behind, place + 1)

    def _comprehensions(self) -> Iterator[Span]:
        for place in range(self.begin, self.end):
            if is_comprehension(self.found, place):
                yield place, closing(self.found, place)

    def _texts(self, begin: int, end: int) -> set[str]:
        depth = self.found[begin].depth
        return {word.text for word in self.found[begin:end] if word.depth == depth}


def _written(rego: str, found: list[Word], place: int, firsts: list[Span], turn: str) -> list[Edit]:
    if not firsts:
        return []
    end, with_at = literal_end(found, place), _with(found, place)
    modifiers = " " + on_one_line(rego, found[with_at:end]) if with_at < end else ""
    edits: list[Edit] = []
    looked_up: list[str] = []
    for first, behind in firsts:
        term, name = found[first:behind], f"{_NAME}{turn}{found[first].begin}"
        looked_up.append(f"{name} := {on_one_line(rego, term)}{modifiers}")
        edits.append(Edit(term[0].begin, term[-1].end, _in_as_many_lines(rego, term, name)))
    return [*put_before(found, place, end, "; ".join(looked_up)), *edits]


def _in_as_many_lines(rego: str, term: list[Word], name: str) -> str:
    lines = "\n" * rego.count("\n", term[0].begin, term[-1].end)
    return f"({lines}{name})" if lines else name
