"""What the head of a rule yields is made at the end of its body instead.

The engine cannot make a list in the head of a rule that has a body (`rule = [x | ...] { body }`), and where a head
looks up what is not there (`contains {"msg": c.name}`, for one of many), it loses what the others yield. In the body a
guard before it still guards it, and what is not there is missed alone, or leads to the `else` as in OPA.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from flagstone.policies.engines.rego.literals import closing
from flagstone.policies.engines.rego.statements import (
    Edit,
    Word,
    is_name,
    on_one_line,
    statements,
)

_VALUE, _KEY = "flagstone_made", "flagstone_key"


@dataclass(frozen=True, slots=True)
class _Rule:
    """The words of a head, from its name or its `else` on, and those of its body with its braces."""

    head: list[Word]
    body: list[Word]
    is_braced: bool


def made_heads(rego: str) -> list[Edit]:
    return [
        edit
        for statement in statements(rego)
        for rule in _rules(statement)
        for edit in _moved(rego, rule)
    ]


def _rules(statement: list[Word]) -> Iterator[_Rule]:
    """Each head of a statement with its body: those behind an `else`, and those on the same line."""
    place = 0
    while place < len(statement):
        begin = place
        while place < len(statement) and not _begins_body(statement, place, begin):
            place += 1
        head = statement[begin:place]
        if place == len(statement):
            return
        is_if = statement[place].text == "if"
        first = place + 1 if is_if else place
        end = _closing(statement, first)
        is_braced = end > first and (
            not is_if or end == len(statement) or statement[end].text == "else"
        )
        if not is_braced:
            end = _next_else(statement, first)
        yield _Rule(head, statement[first:end], is_braced)
        place = end


def _begins_body(statement: list[Word], place: int, begin: int) -> bool:
    word = statement[place]
    if word.depth != 0 or place == begin:
        return word.depth == 0 and word.text == "{"
    before = statement[place - 1].text
    return word.text == "if" or (word.text == "{" and before not in {"=", ":=", "contains"})


def _closing(statement: list[Word], first: int) -> int:
    """The place after the bracket that closes the brace here; here, if none is opened."""
    if first >= len(statement) or statement[first].text != "{":
        return first
    for place in range(first + 1, len(statement)):
        if statement[place].depth == 0 and statement[place].text == "}":
            return place + 1
    return first


def _next_else(statement: list[Word], first: int) -> int:
    for place in range(first, len(statement)):
        if statement[place].depth == 0 and statement[place].text == "else":
            return place
    return len(statement)


def _moved(rego: str, rule: _Rule) -> list[Edit]:
    moved = [
        (name, made)
        for name, made in ((_KEY, _key(rule.head)), (_VALUE, _made(rule.head)))
        if made and rule.body and _must_move(made)
    ]
    if not moved:
        return []
    lines = "".join("\n" * rego.count("\n", made[0].begin, made[-1].end) for _, made in moved)
    adds = "".join(f"; {name} := {on_one_line(rego, made)}" for name, made in moved)
    first, last = rule.body[0], rule.body[-1]
    if rule.is_braced:
        body = [
            Edit(first.begin, first.end, f"{{{lines}"),
            Edit(last.begin, last.begin, f"{adds} "),
        ]
    else:
        body = [
            Edit(first.begin, first.begin, f"{{{lines}"),
            Edit(last.end, last.end, f"{adds} }}"),
        ]
    return [*(Edit(made[0].begin, made[-1].end, name) for name, made in moved), *body]


def _must_move(made: list[Word]) -> bool:
    """Tell whether it holds a list that is made, or a reference or a call, such as `a.b`, `a["b"]` or `a(b)`."""
    return any(word.text == "|" for word in made) or any(
        is_name(before) and word.text in {".", "[", "("} and word.begin == before.end
        for before, word in pairwise(made)
    )


def _key(head: list[Word]) -> list[Word]:
    """The key of an entry of an object: `k` of `rule[k] := value`."""
    if len(head) > 2 and head[1].text == "[" and head[-1].text != "]":
        close = closing(head, 1)
        if head[close + 1].text in {"=", ":="}:
            return head[2:close]
    return []


def _made(head: list[Word]) -> list[Word]:
    """What the head yields: a value, or the element of a set."""
    level = [place for place, word in enumerate(head) if word.depth == 0]
    for place in level:
        if head[place].text in {"=", ":="}:
            return head[place + 1 :]
    for place in level:
        if head[place].text == "contains":
            return head[place + 1 :]
    if len(head) > 2 and head[1].text == "[" and head[-1].text == "]":
        return head[2:-1]
    return []
