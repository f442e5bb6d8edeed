"""What an expression asks for that no manifest tells: who sends the request, and what they may do."""

from __future__ import annotations

from collections.abc import Iterator

from flagstone.policies.cel.errors import CelSyntaxError
from flagstone.policies.cel.tokens import Token, tokens

_OF_A_REQUEST = frozenset({"userInfo", "uid", "options"})


def asked_of_the_cluster(text: str) -> frozenset[str]:
    """`authorizer`, `request.userInfo` and their like, as far as the words of the expression show it."""
    try:
        return frozenset(_asked(list(tokens(text))))
    except CelSyntaxError:
        return frozenset()  # it is said where it is compiled


def _asked(words: list[Token]) -> Iterator[str]:
    start = Token("sign", "", None, 0)
    for before, word, dot, field in zip(
        [start, *words], words, [*words[1:], start], words[2:] + [start] * 2, strict=False
    ):
        if word.kind != "name" or before.text in {".", ".?"}:
            continue
        if word.text == "authorizer":
            yield "authorizer"
        elif word.text == "request" and dot.text == "." and field.text in _OF_A_REQUEST:
            yield f"request.{field.text}"
