"""`rule { a } { b }` of Rego v0: the engine takes the second body for an `else`, so it is written out."""

from __future__ import annotations

from flagstone.policies.engines.rego.statements import Edit, Word, statements


def chained_bodies(rego: str) -> list[Edit]:
    """Give every further body of a rule the head of its rule; lines stay as they are."""
    return [edit for statement in statements(rego) for edit in _heads(rego, statement)]


def _heads(rego: str, statement: list[Word]) -> list[Edit]:
    found: list[Edit] = []
    head = ""
    follows_a_body = False
    for place, word in enumerate(statement):
        if word.depth != 0 or word.text != "{" or place == 0:
            continue
        before = statement[place - 1]
        if before.text in {"=", ":="}:
            follows_a_body = False  # what opens here is a value
            continue
        if not head:
            head = " ".join(rego[statement[0].begin : word.begin].split())
        elif before.text == "}" and follows_a_body:
            found.append(Edit(word.begin, word.begin, f"{head} "))
        follows_a_body = True
    return found
