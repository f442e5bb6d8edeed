"""The cells of the matrix: thousands on a page, so each state's cell is written once and repeated."""

from __future__ import annotations

import re
from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from flagstone.web.presentation import CHECK_LOOKS, look_of
from flagstone.web.templatetags.ui import icon

register = template.Library()

# a symbol takes the size of the place that uses it
SIZE = re.compile(r'\s(width|height)="\d+"')


@register.filter
def cells(states: list[str]) -> SafeString:
    """Write the cells of one row."""
    return mark_safe("".join(_cell(state) for state in states))  # noqa: S308 - made by format_html


@lru_cache(maxsize=32)
def _cell(state: str) -> SafeString:
    if not state:
        return SafeString("<td></td>")
    look = look_of(state)
    return format_html(
        '<td class="tone-{}" title="{}"><svg aria-hidden="true"><use href="#m-{}"/></svg><i>{}</i></td>',
        look.tone,
        look.word,
        state,
        look.word,
    )


@register.simple_tag
def cell_marks() -> SafeString:
    """Write the marks that the cells refer to."""
    symbols = [_symbol(state, look.icon) for state, look in CHECK_LOOKS.items()]
    return mark_safe(f'<svg class="hidden" aria-hidden="true">{"".join(symbols)}</svg>')  # noqa: S308 - our own icons


def _symbol(state: str, icon_name: str) -> str:
    drawn = SIZE.sub("", icon(icon_name, style="mini"))
    return drawn.replace("<svg", f'<symbol id="m-{state}"').replace("svg>", "symbol>")
