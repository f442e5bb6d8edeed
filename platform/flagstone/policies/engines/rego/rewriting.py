"""Writing out every place of a text at which a word stands, whether or not one stands inside of another."""

from __future__ import annotations

from collections.abc import Callable

from flagstone.policies.engines.rego.statements import Edit, Word, edited, words

EditsAt = Callable[[list[Word], int, str], list[Edit]]


def written_out(rego: str, word: str, edits_at: Callable[[str, list[Word]], EditsAt]) -> str:
    """The text with all edits of all places of a word, the inner ones before what they stand in.

    Args:
        rego: the text.
        word: what is looked for.
        edits_at: for a text and its words gives what tells the edits at a place of the words; none for what is
            written out already. Its last argument makes names that nothing else has.
    """
    turn = 0
    while True:
        found = list(words(rego))
        edits_of = edits_at(rego, found)
        edits: list[Edit] = []
        reach = len(rego)
        for place in reversed(range(len(found) - 1)):
            if found[place].text != word:
                continue
            mine = edits_of(found, place, f"{turn}_")
            if mine and max(edit.end for edit in mine) <= reach:
                edits += mine
                reach = min(edit.begin for edit in mine)
        if not edits:
            return rego
        rego = edited(rego, edits)
        turn += 1
