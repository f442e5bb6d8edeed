"""What a Rego text needs, and the engine cannot give it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lack:
    """Why a text cannot be evaluated.

    Attributes:
        reason: in words.
        line: of the text, from 1.
        is_of_the_engine: OPA itself could evaluate it.
    """

    reason: str
    line: int
    is_of_the_engine: bool


def line_at(rego: str, begin: int) -> int:
    return rego.count("\n", 0, begin) + 1
