"""Small components: icons, badges, medals, names of things, page numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.core.paginator import Page
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from heroicons.templatetags.heroicons import heroicon_mini, heroicon_outline

from flagstone.core.hidden_characters import on_one_line
from flagstone.scorecards.engine.states import Severity
from flagstone.web.links import web_address
from flagstone.web.paging import Paging
from flagstone.web.presentation import look_of, metal_of

register = template.Library()
register.filter("on_one_line", on_one_line)
register.filter("web_address", web_address)


@lru_cache(maxsize=512)
def _icon(name: str, style: str, css: str, label: str) -> SafeString:
    draw = heroicon_mini if style == "mini" else heroicon_outline
    attributes = {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    if css:
        attributes["class"] = css
    return mark_safe(draw(name, size=20 if style == "mini" else 24, **attributes))  # noqa: S308 - heroicons escapes


@register.simple_tag
def icon(name: str, css: str = "", *, style: str = "outline", label: str = "") -> SafeString:
    """Draw an icon of heroicons; without a label it is decoration, which screen readers skip."""
    return _icon(name + "", style, css + "", label + "")


@lru_cache(maxsize=256)
def _badge(state: str, word: str, *, short: bool) -> SafeString:
    look = look_of(state)
    name = "components/mark.html" if short else "components/badge.html"
    html = render_to_string(name, {"look": look, "word": word or look.word})
    return mark_safe(html.strip())  # noqa: S308 - a template escapes


@register.simple_tag
def badge(state: str, word: str = "") -> SafeString:
    """Show a state by its mark and its word, or by another word that fits the place better."""
    return _badge(str(state), word, short=False)


@register.simple_tag
def mark(state: str, word: str = "") -> SafeString:
    """Show a state by its mark alone, for dense tables; the word stands in its label and its tooltip."""
    return _badge(str(state), word, short=True)


@lru_cache(maxsize=64)
def _medal(level: str) -> SafeString:
    word = level.capitalize() or "No level"
    html = render_to_string("components/medal.html", {"metal": metal_of(level), "word": word})
    return mark_safe(html.strip())  # noqa: S308 - a template escapes


@register.simple_tag
def medal(level: str | None) -> SafeString:
    """Show a level as a hexagon and its name."""
    name = str(level or "")
    return _medal("" if name.lower() == "none" else name)


@register.filter
def tone(state: str) -> str:
    """Return the tone class of a state."""
    return f"tone-{look_of(state).tone}"


@register.filter
def look_icon(state: str) -> str:
    """Return the name of a state's icon."""
    return look_of(state).icon


@register.filter
def word(state: str) -> str:
    """Return a state as people say it."""
    return look_of(state).word


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(
    context: template.Context, page: Paging | Page[Any], noun: str = "rows"
) -> dict[str, Any]:
    """Show which rows these are and the way to the pages around; keeps the rest of the address."""
    paging = page if isinstance(page, Paging) else Paging.of(page)
    return {"page": paging, "noun": noun, "query": context["request"].GET}


@register.filter
def severity(letter: str) -> str:
    """Return a severity as people say it."""
    return Severity(letter).label


@register.filter
def signed(value: float | None) -> str:
    """Write a change with its sign, a real minus included."""
    if value is None:
        return ""
    rounded = round(value)
    sign = "±" if rounded == 0 else "+" if rounded > 0 else "\N{MINUS SIGN}"
    return f"{sign}{abs(rounded)}"


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """Look a value up by a key that only the template's loop knows."""
    return mapping.get(key)


@register.filter
def magnitude(value: int) -> int:
    """Return a number without its sign, where a mark tells the direction."""
    return abs(value)


@register.filter
def percent(share: float) -> str:
    """Write a share of one; nothing at all is a dash, and a little is not nothing."""
    if not share:
        return "\N{EN DASH}"
    return "<1 %" if share < 0.01 else f"{share * 100:.0f} %"
