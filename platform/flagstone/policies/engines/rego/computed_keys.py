"""Reads of `input.review` by a key that is computed: which field is meant, only a run would tell."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Literal

from flagstone.policies.engines.rego.statements import Word, statements

_Document = Literal["input", "review"]
_Documents = frozenset[_Document]
_Held = dict[str, set[_Document]]
_Given = tuple[str, int, _Documents]

_NOTHING: _Documents = frozenset()
_QUOTES = frozenset('"`')
_BINDS = frozenset({":=", "="})
_TAKES_KEYS = frozenset({"object.get", "object.filter", "json.filter"})
# Others write these texts: what is nested deeper, or handed on from rule to rule for longer, is not followed.
_DEEPEST = 50
_MOST_HANDS = 20


@lru_cache(maxsize=1024)
def keys_of_the_review(texts: tuple[str, ...]) -> frozenset[str] | None:
    """The fields that are read by a key in brackets that is no text; None if one may be any."""
    found = [_Statement(words) for text in texts for words in statements(text)]
    if any(word.depth > _DEEPEST for statement in found for word in statement.words):
        return None
    shared = _handed_on(found)
    if shared is None:
        return None
    keys: set[str] = set()
    for statement in found:
        for key in statement.computed_keys(shared):
            texts_of_it = statement.texts(key)
            if texts_of_it is None:
                return None
            keys |= texts_of_it
    return frozenset(keys)


def _handed_on(found: list[_Statement]) -> _Held | None:
    """The rules that are one of the documents; each statement learns what its own names hold."""
    shared: _Held = {}
    functions: dict[str, list[_Statement]] = {}
    for statement in found:
        functions.setdefault(statement.name, []).append(statement)
    for _ in range(_MOST_HANDS):
        learnt = sum(statement.learn_names(shared) for statement in found)
        given = {each for statement in found for each in statement.given(shared)}
        for called, position, documents in given:
            for function in functions.get(called, ()):
                learnt += function.learn_parameter(position, documents)
        if not learnt:
            return shared
    return None


class _Statement:
    """A rule: its words, and the names in it that hold the whole input, or the whole review."""

    def __init__(self, words: list[Word]) -> None:
        self.words = words
        self._holds: _Held = {}
        self._closing = dict(_closings(words))

    @property
    def name(self) -> str:
        first = self.words[0].text
        return self.words[1].text if first == "default" and len(self.words) > 1 else first

    def learn_names(self, shared: _Held) -> int:
        """How many names of variables and of rules turn out to hold a document."""
        learnt = 0
        for place in range(1, len(self.words) - 1):
            name = self.words[place - 1]
            if self.words[place].text in _BINDS and _is_name(name):
                documents = self._whole(place + 1, shared)
                learnt += _hold(shared if place == 1 else self._holds, name.text, documents)
        return learnt

    def learn_parameter(self, position: int, documents: _Documents) -> int:
        """Whether the argument of its head is new as the name of these documents."""
        name = self._parameters[position] if position < len(self._parameters) else ""
        return _hold(self._holds, name, documents)

    def given(self, shared: _Held) -> Iterator[_Given]:
        """The functions that are called with a document, and as which of their arguments."""
        for place in range(1, len(self.words)):
            name = self.words[place - 1]
            if self.words[place].text == "(" and _is_name(name):
                for position, (begin, end) in enumerate(self._arguments(place)):
                    documents = self._whole(begin, shared, end)
                    if documents:
                        yield name.text, position, documents

    def computed_keys(self, shared: _Held) -> Iterator[tuple[int, int]]:
        """Where the keys stand by which a document is read; those that are a text by themselves left out."""
        place = 0
        while place < len(self.words):
            if not self._begins_reference(place):
                place += 1
                continue
            names, end = self._reference(place)
            after = self.words[end].text if end < len(self.words) else ""
            if after == "[" and self._meaning(names, shared):
                yield end + 1, self._closing.get(end, len(self.words))
            elif after == "(" and ".".join(names) in _TAKES_KEYS:
                first, *others = self._arguments(end) or [(0, 0)]
                if others and self._whole(first[0], shared, first[1]):
                    yield others[0]
            place = end

    def texts(self, key: tuple[int, int]) -> set[str] | None:
        """The texts that a key may be, where they stand in the rule; None if that is not all."""
        begin, end = key
        if end == begin + 1 and _is_name(self.words[begin]):
            return self._texts_of_names.get(self.words[begin].text)
        return self._listed(begin)

    @cached_property
    def _texts_of_names(self) -> dict[str, set[str] | None]:
        found: dict[str, set[str] | None] = {}
        for place in range(1, len(self.words) - 1):
            name, word = self.words[place - 1 : place + 1]
            if _is_name(name) and word.text in {*_BINDS, "in"}:
                texts, before = self._listed(place + 1), found.get(name.text, set())
                found[name.text] = None if texts is None or before is None else before | texts
        return found

    def _listed(self, place: int) -> set[str] | None:
        """A text, or a list or set of nothing but texts, from which one is taken."""
        first = self.words[place].text
        if first[0] in _QUOTES:
            return {first[1:-1]}
        if first not in {"[", "{"}:
            return None
        inside = self.words[place + 1 : self._closing.get(place, len(self.words))]
        texts = {word.text[1:-1] for word in inside if word.text[0] in _QUOTES}
        only_texts = all(word.text[0] in _QUOTES or word.text == "," for word in inside)
        return texts if only_texts else None

    @cached_property
    def _parameters(self) -> list[str]:
        """The arguments of a function's head, "" for one that is no plain name."""
        if len(self.words) < 2 or self.words[1].text != "(":
            return []
        places = self._arguments(1)
        return [
            self.words[begin].text if end == begin + 1 and _is_name(self.words[begin]) else ""
            for begin, end in places
        ]

    def _arguments(self, opening: int) -> list[tuple[int, int]]:
        end = self._closing.get(opening, len(self.words))
        depth = self.words[opening].depth + 1
        commas = [
            place
            for place in range(opening + 1, end)
            if self.words[place].text == "," and self.words[place].depth == depth
        ]
        begins = [opening + 1, *(place + 1 for place in commas)]
        pairs = zip(begins, [*commas, end], strict=True)
        return [(begin, stop) for begin, stop in pairs if begin < stop]

    def _whole(self, place: int, shared: _Held, stop: int | None = None) -> _Documents:
        """The document that stands here as it is, with nothing taken out of it."""
        if not self._begins_reference(place):
            return _NOTHING
        names, end = self._reference(place)
        after = self.words[end].text if end < len(self.words) else ""
        if after in {"[", ".", "("} or (stop is not None and end != stop):
            return _NOTHING
        return self._meaning(names, shared)

    def _begins_reference(self, place: int) -> bool:
        of_another = place > 0 and self.words[place - 1].text == "."
        return _is_name(self.words[place]) and not of_another

    def _reference(self, place: int) -> tuple[list[str], int]:
        """`a.b["c"]`: its names, and the place behind it."""
        names = [self.words[place].text]
        place += 1
        while place + 1 < len(self.words):
            after = [word.text for word in self.words[place : place + 3]]
            if after[0] == "." and _is_name(self.words[place + 1]):
                names.append(after[1])
                place += 2
            elif len(after) == 3 and after[0] == "[" and after[2] == "]" and after[1][0] in _QUOTES:
                names.append(after[1][1:-1])
                place += 3
            else:
                break
        return names, place

    def _meaning(self, names: list[str], shared: _Held) -> _Documents:
        if names[0] == "data":
            return frozenset(shared.get(names[-1], ()))  # a rule of a library
        first: set[_Document] = {"input"} if names[0] == "input" else set()
        first |= self._holds.get(names[0], set()) | shared.get(names[0], set())
        if len(names) == 1:
            return frozenset(first)
        is_review = "input" in first and names[1:] == ["review"]
        return frozenset({"review"}) if is_review else _NOTHING


def _hold(held: _Held, name: str, documents: _Documents) -> int:
    """Note that a name holds documents; 1 if that is new."""
    if not name or documents <= held.get(name, set()):
        return 0
    held.setdefault(name, set()).update(documents)
    return 1


def _closings(words: list[Word]) -> Iterator[tuple[int, int]]:
    """The place of each opening bracket, and of the one that closes it."""
    open_ones: list[int] = []
    for place, word in enumerate(words):
        if word.text in {"(", "[", "{"}:
            open_ones.append(place)
        elif word.text in {")", "]", "}"} and open_ones:
            yield open_ones.pop(), place


def _is_name(word: Word) -> bool:
    return word.text[0].isalpha() or word.text[0] == "_"
