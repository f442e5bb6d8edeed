"""`sprintf`: verbs of Go that the engine has not, or writes otherwise, where format and values stand there."""

from __future__ import annotations

import re

from flagstone.policies.engines.rego_statements import Edit, Word, words

_VERB = re.compile(r"%(?:%|([-+# 0]*)(\d*)(?:\.(\d+))?([a-zA-Z]))")


def format_verbs(rego: str) -> list[Edit]:
    """Quote for `%q`, and write plainly what `%t`, `%+v`, `%#v` and `%-10s` would align."""
    found = list(words(rego))
    edits: list[Edit] = []
    for place, word in enumerate(found[:-5]):
        if word.text != "sprintf" or [w.text for w in found[place + 1 : place + 5 : 2]] != [
            "(",
            ",",
        ]:
            continue
        text, opening = found[place + 2], found[place + 4]
        if text.text[0] in '"`' and opening.text == "[":
            edits += _edits(text, _values(found, place + 4))
    return edits


def _values(found: list[Word], opening: int) -> list[tuple[int, int]]:
    """Where each value of the list begins and ends."""
    depth = found[opening].depth + 1
    spans: list[tuple[int, int]] = []
    begin = -1
    for before, word in zip(found[opening:], found[opening + 1 :], strict=False):
        closes = word.text == "]" and word.depth == depth - 1
        if (closes or (word.text == "," and word.depth == depth)) and begin >= 0:
            spans.append((begin, before.end))
            begin = -1
        elif begin < 0 and not closes:
            begin = word.begin
        if closes:
            break
    return spans


def _edits(text: Word, spans: list[tuple[int, int]]) -> list[Edit]:
    edits: list[Edit] = []
    verbs = [found for found in _VERB.finditer(text.text) if found[4]]
    for verb, (begin, end) in zip(verbs, spans, strict=False):
        plain = Edit(text.begin + verb.start(), text.begin + verb.end(), "%v")
        if verb[4] == "q":
            edits += [plain, Edit(begin, begin, "json.marshal("), Edit(end, end, ")")]
        elif verb[4] == "t" or (verb[4] in "sv" and (verb[1] or verb[2])):
            edits.append(plain)
    return edits
