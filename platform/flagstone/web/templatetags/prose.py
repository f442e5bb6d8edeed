"""Texts that people wrote in Markdown: no HTML of theirs gets through, and nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

register = template.Library()

LONGEST = 100_000
# their first heading stands under the heading of the place they are shown in
_SHIFT = 2


def _open_link(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    tokens[index].attrSet("rel", "nofollow noopener noreferrer")
    return renderer.renderToken(tokens, index, options, env)


def _heading(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    level = min(int(tokens[index].tag[1:]) + _SHIFT, 6)
    tokens[index].tag = f"h{level}"
    return renderer.renderToken(tokens, index, options, env)


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    reader.disable("image")
    reader.add_render_rule("link_open", _open_link)
    reader.add_render_rule("heading_open", _heading)
    reader.add_render_rule("heading_close", _heading)
    return reader


_MARKDOWN = _reader()


@register.filter
def markdown(text: str) -> SafeString:
    """Write a text in Markdown as HTML; what is no Markdown comes out as those very characters."""
    html: str = _MARKDOWN.render(text[:LONGEST])
    return mark_safe(html)  # noqa: S308 - html is off: the renderer escapes the text
