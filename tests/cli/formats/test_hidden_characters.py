"""Names and paths of a hostile repository neither steer the terminal nor turn a report around, in any format."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from flagstone.cli.formats import junit_report, markdown_report, sarif_report, text_report
from flagstone.scorecards.engine.reporting.report import Report
from tests.cli.conftest import Run
from tests.scorecards.engine.samples import files_of, objects, score, scorecard

ESCAPE, TURN, BELL = "\x1b", "\u202e", "\x07"
NAME = f"pay{ESCAPE}[2J{TURN}tuo"
SEEN_NAME = "pay⟨U+001B⟩[2J⟨U+202E⟩tuo"


def hostile() -> Report:
    found = objects("deployment")
    found["deployment"]["metadata"]["name"] = NAME
    container = found["deployment"]["spec"]["template"]["spec"]["containers"][0]
    container["name"] = f"{BELL}bell"
    del container["livenessProbe"]
    files = {
        path.replace("manifests", f"a\n{TURN}b"): data for path, data in files_of(found).items()
    }
    return score(files | {f"{TURN}x.yaml": b"\xff\x00"}, scorecard("PB-02"))


def texts_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts_of(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts_of(item)]
    return [value] if isinstance(value, str) else []


def text() -> str:
    return text_report.render(hostile(), text_report.Style(width=100))


def markdown() -> str:
    return markdown_report.render(hostile())


def markdown_as_html() -> str:
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown())


def junit() -> str:
    root = ElementTree.fromstring(junit_report.render(hostile()))
    return "\n".join(
        part for element in root.iter() for part in (*element.attrib.values(), element.text or "")
    )


def sarif() -> str:
    return "\n".join(texts_of(json.loads(sarif_report.render(hostile()))))


@pytest.mark.parametrize("rendered", [text, markdown, markdown_as_html, junit, sarif])
def test_hidden_characters_are_written_out(rendered: Callable[[], str]) -> None:
    report = rendered()

    assert [hex(ord(c)) for c in report if c in f"{ESCAPE}{TURN}{BELL}"] == []
    assert SEEN_NAME in report.replace("\\[", "[")
    assert "⟨U+0007⟩bell" in report


@pytest.mark.parametrize("rendered", [text, markdown, junit])
def test_a_path_with_a_line_break_stays_one_line(rendered: Callable[[], str]) -> None:
    assert "services/checkout/a⟨U+000A⟩⟨U+202E⟩b.yaml:21" in rendered()


def test_a_uri_of_sarif_keeps_the_path_as_it_is() -> None:
    assert "services/checkout/a%0A%E2%80%AEb.yaml" in sarif()


def test_an_entity_of_html_is_no_way_round() -> None:
    found = objects("deployment")
    found["deployment"]["metadata"]["name"] = "pay&#8238;tuo&rlo;"
    del found["deployment"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]
    markdown = markdown_report.render(score(files_of(found), scorecard("PB-02")))

    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    assert TURN not in html
    assert "pay&amp;#8238;tuo&amp;rlo;" in html


def test_nobody_is_called_by_a_name_in_a_manifest() -> None:
    found = objects("deployment")
    found["deployment"]["metadata"]["name"] = "@everyone"
    del found["deployment"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]
    markdown = markdown_report.render(score(files_of(found), scorecard("PB-02")))

    assert "@everyone" not in markdown
    assert "@<!-- -->everyone" in markdown


def test_an_error_is_written_out_too(run: Callable[..., Run], tmp_path: Any) -> None:
    found = run("score", tmp_path / f"no{ESCAPE}ne")

    assert found.status == 2
    assert (
        found.err
        == f"flagstone: There is no folder {tmp_path}/no⟨U+001B⟩ne. Name a folder or file that exists.\n"
    )
