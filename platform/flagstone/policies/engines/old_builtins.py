"""Functions of Rego v0 that the engine has not: they are given by a library, or have a new name."""

from __future__ import annotations

from flagstone.policies.engines.rego_statements import Edit, Word, words

PACKAGE = "flagstone.old"
LIBRARY = f"""package {PACKAGE}
any(values) = found {{ found := count([1 | values[_] == true]) > 0 }}
all(values) = found {{ found := count([1 | values[_] == true]) == count(values) }}
set_diff(left, right) = rest {{ rest := left - right }}
"""
_GIVEN = {name: f"data.{PACKAGE}.{name}" for name in ("any", "all", "set_diff")}
_RENAMED = _GIVEN | {"re_match": "regex.match"}


def old_builtins(rego: str) -> list[Edit]:
    """Where such a function is called, unless the text defines one of that name."""
    found = list(words(rego))
    own = {word.text for word in found if word.depth == 0 and word.starts_line}
    return [
        Edit(word.begin, word.end, _RENAMED[word.text])
        for before, word, after in zip(found, found[1:], found[2:], strict=False)
        if word.text in _RENAMED and word.text not in own and _is_call(before, after)
    ]


def _is_call(before: Word, after: Word) -> bool:
    return before.text not in {".", "default"} and after.text == "("
