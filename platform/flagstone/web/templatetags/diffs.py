"""What changed in a file, line by line: a sign, two line numbers, and the highlighted text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

from flagstone.core.hidden_characters import written_out
from flagstone.forge.git.diffs import FileDiff, Hunk, Line, LineKind
from flagstone.web.templatetags.sources import highlighted_lines

register = template.Library()

# a line beyond this is no source code that somebody reads
LONGEST_LINE = 2_000
SIGNS = {LineKind.ADDED: "+", LineKind.REMOVED: "\N{MINUS SIGN}", LineKind.CONTEXT: " "}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a diff, ready for the page; a `hunk` row stands between lines that are far apart."""

    kind: str
    sign: str
    html: SafeString
    old_number: int | None = None
    new_number: int | None = None
    ends_file: bool = False


@register.inclusion_tag("components/diff.html")
def diff(file: FileDiff) -> dict[str, Any]:
    """Show what changed in one file."""
    return {"file": file, "rows": list(rows_of(file))}


def rows_of(file: FileDiff) -> Iterator[Row]:
    """Yield the lines of a diff; a hunk at the very top of a new file needs no row of its own."""
    for number, hunk in enumerate(file.hunks):
        if number or hunk.old_start > 1 or hunk.new_start > 1:
            yield Row("hunk", "", escape(written_out(hunk.heading) or "…"))
        yield from _rows_of_hunk(hunk, file.path)


def _rows_of_hunk(hunk: Hunk, path: str) -> Iterator[Row]:
    removed = iter(_side(hunk, LineKind.REMOVED, path))
    added = iter(_side(hunk, LineKind.ADDED, path))
    for line in hunk.lines:
        old = next(removed) if line.kind is not LineKind.ADDED else None
        new = next(added) if line.kind is not LineKind.REMOVED else None
        html = new if new is not None else old
        yield Row(
            kind=line.kind.value,
            sign=SIGNS[line.kind],
            html=html or SafeString(""),
            old_number=line.old_number,
            new_number=line.new_number,
            ends_file=line.ends_file,
        )


def _side(hunk: Hunk, kind: LineKind, path: str) -> list[SafeString]:
    """Highlight one side of a hunk as a whole, so that a text over several lines keeps its colour."""
    texts = [_cut(line) for line in hunk.lines if line.kind in (kind, LineKind.CONTEXT)]
    lines = highlighted_lines("\n".join(texts), path)
    lines += [SafeString("")] * (len(texts) - len(lines))
    # some lexer took another character for the end of a line: plain text rather than shifted lines
    return lines if len(lines) == len(texts) else [escape(written_out(text)) for text in texts]


def _cut(line: Line) -> str:
    return line.text if len(line.text) <= LONGEST_LINE else line.text[:LONGEST_LINE] + " …"
