from __future__ import annotations

from django.template import Context, Template

from flagstone.web.templatetags.sources import LARGEST_HIGHLIGHTED, highlighted_lines


def test_every_line_stands_for_itself() -> None:
    lines = highlighted_lines('a: |\n  one\n  two\nb: "x"\n', "values.yaml")
    assert len(lines) == 4
    assert all(line.count("<span") == line.count("</span>") for line in lines)


def test_markup_in_source_code_is_text() -> None:
    for path in ("x.yaml", "unknown.zzz"):
        assert "<script>" not in highlighted_lines("a: <script>alert(1)</script>", path)[0]


def test_a_huge_file_is_shown_without_colours() -> None:
    text = "key: value\n" * (LARGEST_HIGHLIGHTED // 10)
    assert highlighted_lines(text, "x.yaml")[0] == "key: value"


def test_lines_have_numbers_that_can_be_linked_to() -> None:
    html = Template("{% load sources %}{% code text 'a.yaml' hits first=40 %}").render(
        Context({"text": "a: 1\nb: 2", "hits": {41}})
    )
    assert 'id="L40"' in html
    assert '<tr id="L41" class="hit">' in html


def test_a_character_that_turns_text_around_is_written_out() -> None:
    [line] = highlighted_lines("allowed = False  # \u202e eslaF", "x.unknown")
    assert "\u202e" not in line
    assert "\u27e8U+202E\u27e9 eslaF" in line
