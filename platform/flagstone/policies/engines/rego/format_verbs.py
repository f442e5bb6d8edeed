"""`sprintf`: where the engine writes otherwise than Go, a library of ours writes instead."""

from __future__ import annotations

import re

from flagstone.policies.engines.rego.given_formats import PACKAGE
from flagstone.policies.engines.rego.statements import Edit, Word, words

_VERB = re.compile(r"(?s)%([-+# 0]*)(\d*)(?:\.(\d*))?(.?)")
_TYPED = {"s": "as_text", "d": "as_integer"}
_ONLY_THE_ENGINE = frozenset('p[*\\"')


def format_verbs(rego: str) -> list[Edit]:
    """Rewrite each call by what stands in it, where format and values are written out; else all of it."""
    found = list(words(rego))
    edits: list[Edit] = []
    for place, word in enumerate(found[:-4]):
        before = found[place - 1].text if place else ""
        if word.text != "sprintf" or found[place + 1].text != "(" or before == ".":
            continue
        text, comma, opening = found[place + 2 : place + 5]
        spans = _values(found, place + 4) if opening.text == "[" else None
        if text.text[0] in '"`' and comma.text == "," and spans is not None:
            edits += _edits(text, spans)
        else:
            edits.append(Edit(word.begin, word.end, f"data.{PACKAGE}.formatted"))
    return edits


def _values(found: list[Word], opening: int) -> list[tuple[int, int]] | None:
    """Where each value of the list begins and ends; nothing for a list that is made by a comprehension."""
    depth = found[opening].depth + 1
    spans: list[tuple[int, int]] = []
    begin = -1
    for place in range(opening + 1, len(found)):
        before, word = found[place - 1], found[place]
        if word.text == "|" and word.depth == depth:
            return None
        closes = word.text == "]" and word.depth == depth - 1
        if (closes or (word.text == "," and word.depth == depth)) and begin >= 0:
            spans.append((begin, before.end))
            begin = -1
        elif begin < 0 and not closes:
            begin = word.begin
        if closes:
            return spans
    return None


def _edits(text: Word, spans: list[tuple[int, int]]) -> list[Edit]:
    verbs = [found for found in _VERB.finditer(text.text, 1, len(text.text) - 1) if found[4] != "%"]
    if any(verb[4] in _ONLY_THE_ENGINE for verb in verbs):
        return []
    edits: list[Edit] = []
    for place, verb in enumerate(verbs):
        begin, end = text.begin + verb.start(), text.begin + verb.end()
        if not verb[4]:
            edits.append(Edit(begin, end, "%%!(NOVERB)"))
        elif place >= len(spans):
            edits.append(Edit(begin, end, f"%%!{verb[4]}(MISSING)"))
        elif verb[0] != "%v":
            edits += [Edit(begin, end, "%v"), *_wrapped(spans[place], _written(verb))]
    extra = spans[len(verbs) :]
    if extra:
        list_of = ", ".join("%v" for _ in extra)
        edits.append(Edit(text.end - 1, text.end - 1, f"%%!(EXTRA {list_of})"))
        for span in extra:
            edits += _wrapped(span, f"data.{PACKAGE}.typed(")
    return edits


def _wrapped(span: tuple[int, int], call: str) -> list[Edit]:
    begin, end = span
    return [Edit(begin, begin, call), Edit(end, end, ")")]


def _written(verb: re.Match[str]) -> str:
    """The beginning of the call that writes one value."""
    name = _TYPED.get(verb[0][1:])
    if name:
        return f"data.{PACKAGE}.{name}("
    precision = -1 if verb[3] is None else int(verb[3] or 0)
    width = int(verb[2] or 0)
    return f'data.{PACKAGE}.written("{verb[1]}", {width}, {precision}, "{verb[4]}", '
