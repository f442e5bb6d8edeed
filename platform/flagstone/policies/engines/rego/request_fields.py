"""What a Rego text reads from outside: of the request, which no manifest tells, and of `data`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from flagstone.policies.engines.rego.computed_keys import keys_of_the_review
from flagstone.policies.engines.rego.statements import Word, words

OF_A_REQUEST = frozenset({"userInfo", "uid", "options"})
BY_ANY_KEY = "[...]"
OF_THE_NAMESPACE = frozenset({"namespaceObject", "_unstable"})
_ASKED = OF_A_REQUEST | OF_THE_NAMESPACE
_QUOTES = '"`'


@lru_cache(maxsize=1024)
def asked_of_the_request(texts: tuple[str, ...]) -> frozenset[str]:
    """The fields of `input.review` that some of the texts read, of those that may not be known here.

    A field counts where its path shows that it is read from the review, and, where the review is
    handed on as a whole, wherever a name or a text for it stands on another path. By a key that may
    be any, any of them may be read: `BY_ANY_KEY` is among them.
    """
    keys = keys_of_the_review(texts)
    if keys is None:
        return frozenset({BY_ANY_KEY})
    paths = [path for text in texts for path in _paths(list(words(text)))]
    direct = {name for path in paths if (name := _read_of_the_review(path)) in _ASKED}
    direct |= keys & _ASKED
    if not any(path in {("input",), ("input", "review")} for path in paths):
        return frozenset(direct)
    named = {name for path in paths if path[:1] != ("input",) for name in _begins(path)}
    return frozenset(direct | (named & _ASKED))


def data_of_others(text: str) -> str:
    """The first part of `data` that a template may not read, "" if there is none; `[...]` is any."""
    allowed = {"inventory", "lib"}
    read = (path[1:2] for path in _paths(list(words(text))) if path[0] == "data")
    names = (
        f".{first[0]}" if first else "[...]" for first in read if not allowed.intersection(first)
    )
    return next(names, "")


def _read_of_the_review(path: tuple[str, ...]) -> str:
    return path[2] if path[:2] == ("input", "review") and len(path) > 2 else ""


def _begins(path: tuple[str, ...]) -> Iterable[str]:
    """Where a path that begins with a name for the input, or for the review, has fields of the review."""
    return path[1:3] if path[1:2] == ("review",) else path[1:2]


def _paths(found: list[Word]) -> Iterator[tuple[str, ...]]:
    """References such as `a.b["c"]`, as their names; a text by itself is a path below nothing."""
    position = 0
    while position < len(found):
        word = found[position]
        of_another = position > 0 and found[position - 1].text == "."  # as in `x[0].name`
        position += 1
        if word.text[0] in _QUOTES:
            yield "", *word.text[1:-1].split("/")  # as the paths of `json.filter` are written
        elif _is_name(word):
            path = ["", word.text] if of_another else [word.text]
            while name := _next_name(found[position : position + 3]):
                path.append(name)
                position += 2 if found[position].text == "." else 3
            yield tuple(path)


def _next_name(rest: list[Word]) -> str:
    match [word.text for word in rest]:
        case [".", name, *_] if _is_name(rest[1]):
            return name
        case ["[", text, "]"] if text[0] in _QUOTES:
            return text[1:-1]
        case _:
            return ""


def _is_name(word: Word) -> bool:
    return word.text[0].isalpha() or word.text[0] == "_"
