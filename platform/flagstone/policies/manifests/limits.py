"""How much one reading accepts, so that hostile input ends in a sentence and not in a hang."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one reading.

    `nodes` counts the values of one document with every alias expanded, which is what an alias bomb
    multiplies; `broken_documents` is how often the reader starts again after an error in one file.
    """

    file_bytes: int = 5 * 1024 * 1024
    files: int = 50_000
    depth: int = 100
    nodes: int = 500_000
    broken_documents: int = 50
    render_seconds: float = 60.0
    rendered_bytes: int = 50 * 1024 * 1024
