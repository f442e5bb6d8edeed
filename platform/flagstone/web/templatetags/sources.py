"""Source code and diffs with line numbers and highlighting by class, so that light and dark share one markup."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound

from flagstone.core.hidden_characters import written_out

register = template.Library()

# beyond this, colour costs more than it tells
LARGEST_HIGHLIGHTED = 200_000
_FORMATTER = HtmlFormatter(nowrap=True)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of source code, ready for the page."""

    number: int
    html: SafeString
    hit: bool


@register.inclusion_tag("components/code.html")
def code(text: str, path: str = "", hits: Collection[int] = (), first: int = 1) -> dict[str, Any]:
    """Show source code with line numbers that can be linked to (`#L12`); the lines in `hits` stand out."""
    lines = [
        Line(number=number, html=html, hit=number in hits)
        for number, html in enumerate(highlighted_lines(text, path), start=first)
    ]
    return {"lines": lines, "path": path}


@register.simple_tag
def highlighted(text: str, path: str) -> SafeString:
    """Colour one line, as a diff shows it."""
    return next(iter(highlighted_lines(text, path)), SafeString(""))


def highlighted_lines(text: str, path: str) -> list[SafeString]:
    """Split source code into lines of HTML; each stands for itself, no tag crosses a line's end."""
    text = written_out(text)
    lexer = _lexer(path.rsplit("/", 1)[-1]) if len(text) <= LARGEST_HIGHLIGHTED else None
    if lexer is None:
        return [escape(line) for line in text.splitlines()]
    html = highlight(text, lexer, _FORMATTER)
    return [mark_safe(line) for line in html.rstrip("\n").split("\n")]  # noqa: S308 - Pygments escapes the text


@lru_cache(maxsize=128)
def _lexer(filename: str) -> Lexer | None:
    try:
        return get_lexer_for_filename(filename, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
