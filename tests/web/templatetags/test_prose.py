from __future__ import annotations

import pytest

from flagstone.web.templatetags.prose import LONGEST, markdown


def test_markdown_becomes_html() -> None:
    assert markdown("Adds **refunds**.\n\n- one\n- two") == (
        "<p>Adds <strong>refunds</strong>.</p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"
    )


def test_a_heading_stands_below_those_of_the_page() -> None:
    assert markdown("# What happens next") == "<h3>What happens next</h3>\n"


@pytest.mark.parametrize(
    ("_case", "text", "html"),
    [
        (
            "a tag",
            "<script>alert(1)</script>",
            "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n",
        ),
        (
            "a tag in a line",
            "hi <img src=x onerror=alert(1)>",
            "<p>hi &lt;img src=x onerror=alert(1)&gt;</p>\n",
        ),
        ("a script's address", "[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("data as an address", "[x](data:text/html,hi)", "<p>[x](data:text/html,hi)</p>\n"),
    ],
)
def test_what_could_harm_is_shown_as_text(_case: str, text: str, html: str) -> None:
    assert markdown(text) == html


def test_a_picture_is_not_loaded_from_elsewhere() -> None:
    assert "<img" not in markdown("![logo](https://elsewhere.example/pixel.png)")


def test_a_link_tells_the_other_side_nothing() -> None:
    assert markdown("[runbook](https://example.com/r)") == (
        '<p><a href="https://example.com/r" rel="nofollow noopener noreferrer">runbook</a></p>\n'
    )


def test_an_endless_text_is_cut() -> None:
    assert len(markdown("a" * (LONGEST * 2))) < LONGEST + 20
