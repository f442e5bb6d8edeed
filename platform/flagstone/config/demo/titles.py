"""What a name of the demo organisation reads like: `mobile-bff` is "Mobile BFF"."""

from __future__ import annotations

_ACRONYMS = frozenset({"bff", "fx", "kyb", "swift"})


def title_of(name: str) -> str:
    first, *rest = name.split("-")
    words = [first.capitalize(), *rest]
    return " ".join(word.upper() if word.lower() in _ACRONYMS else word for word in words)
