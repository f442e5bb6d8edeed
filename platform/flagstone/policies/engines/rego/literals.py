"""The expressions of a Rego body: where they end, what they are made of, and how one is put before another."""

from __future__ import annotations

from flagstone.policies.engines.rego.statements import Edit, Word, goes_on, is_name


def literal_end(found: list[Word], place: int) -> int:
    """The place behind the last word of the expression that begins at `place`."""
    depth = found[place].depth
    end = place + 1
    while end < len(found):
        word = found[end]
        if word.depth < depth or (word.depth == depth and word.text in {";", "else"}):
            break
        if word.depth == depth and word.starts_line and not goes_on(found[end - 1], word):
            break
        end += 1
    return end


def literal_begin(found: list[Word], place: int) -> int:
    """The place of the first word of the expression that `place` is in, at its level of brackets."""
    depth = found[place].depth
    while place > 0:
        before, word = found[place - 1], found[place]
        if before.depth < depth or (before.depth == depth and before.text in {";", "|", "if"}):
            break
        if word.depth == depth and word.starts_line and not goes_on(before, word):
            break
        place -= 1
    return place


def put_before(found: list[Word], begin: int, end: int, text: str) -> list[Edit]:
    """Put expressions before that from `begin` to `end`, in braces where a single one is allowed only."""
    first, last = found[begin], found[end - 1]
    if begin and found[begin - 1].text == "if":
        return [Edit(first.begin, first.begin, f"{{ {text}; "), Edit(last.end, last.end, " }")]
    return [Edit(first.begin, first.begin, f"{text}; ")]


def closing(found: list[Word], place: int) -> int:
    """The place of the bracket that closes the one at `place`; the last word if none does."""
    depth = found[place].depth
    behind = range(place + 1, len(found))
    return next(
        (i for i in behind if found[i].depth == depth and found[i].text in ")]}"), len(found) - 1
    )


def end_of_term(found: list[Word], begin: int, end: int) -> int:
    """Behind a name and all that is stuck to it: `.name`, `[…]` and `(…)`; `begin` if no name stands there."""
    if not is_name(found[begin]) or _is_of_number(found, begin):
        return begin
    place = begin + 1
    while place < end and found[place].begin == found[place - 1].end:
        if found[place].text == "." and place + 1 < end:
            place += 2
        elif found[place].text in "[(":
            place = closing(found, place) + 1
        else:
            break
    return place


def is_comprehension(found: list[Word], place: int) -> bool:
    """Tell whether the bracket at `place` opens one, as in `[x | …]`."""
    depth = found[place].depth + 1
    if found[place].text not in "[{":
        return False
    inside = range(place + 1, closing(found, place))
    return any(found[each].depth == depth and found[each].text == "|" for each in inside)


def _is_of_number(found: list[Word], place: int) -> bool:
    """Tell whether it is the `e3` of `1e3`."""
    before = found[place - 1]
    return place > 0 and before.text.isdecimal() and before.end == found[place].begin
