from __future__ import annotations

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory

from flagstone.web.templatetags.ui import badge, icon, mark, medal, signed


def test_a_badge_has_a_mark_and_a_word() -> None:
    html = badge("no_data")
    assert "tone-none" in html
    assert html.endswith("no data</span>")
    assert "<svg" in html


def test_a_badge_can_say_it_otherwise_and_escapes_it() -> None:
    assert "31 h &lt;late&gt;" in badge("fail", "31 h <late>")


def test_a_mark_has_its_word_for_those_who_cannot_see_it() -> None:
    assert 'aria-label="check broke"' in mark("error")


def test_medals() -> None:
    assert "level-gold" in medal("gold")
    assert "Gold" in medal("gold")
    for nothing in ("", None, "none"):
        assert "No level" in medal(nothing)


def test_an_icon_is_decoration_unless_it_is_named() -> None:
    assert 'aria-hidden="true"' in icon("bell")
    assert 'aria-label="Alarm &lt;1&gt;"' in icon("bell", label="Alarm <1>")


@pytest.mark.parametrize(
    ("value", "text"), [(3.2, "+3"), (-2, "\N{MINUS SIGN}2"), (0.2, "±0"), (None, "")]
)
def test_a_change_has_its_sign(value: float | None, text: str) -> None:
    assert signed(value) == text


def test_pages_keep_the_rest_of_the_address() -> None:
    request = RequestFactory().get("/catalog", {"q": "pay", "page": "2"})
    page = Paginator(range(120), 50).page(2)
    html = Template("{% load ui %}{% pagination page 'services' %}").render(
        Context({"request": request, "page": page})
    )
    assert "51\N{EN DASH}100 of 120 services" in html
    assert 'href="?q=pay&amp;page=1"' in html
    assert 'href="?q=pay&amp;page=3"' in html
