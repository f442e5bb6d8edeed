"""Markdown for a comment on a pull request."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from flagstone.cli.formats.markdown_report import render
from flagstone.scorecards.engine.reporting.baseline import compare, entries_of
from flagstone.scorecards.engine.reporting.report import Standing, WaiverReport
from tests.scorecards.engine.samples import files_of, objects, score, scorecard


def test_a_table_worst_first_then_each_service() -> None:
    good = files_of(objects("rollout"), "a")
    bad = objects("deployment", "service")
    bad["deployment"]["metadata"]["name"] = "quote"
    del bad["deployment"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]

    text = render(score(good | files_of(bad, "b"), scorecard("PB-02", "RS-02")))

    lines = text.splitlines()
    assert lines[:6] == [
        "# Sample",
        "",
        "| service | score | level | failing | no data |",
        "| --- | ---: | --- | --- | ---: |",
        "| quote | 66 | none | PB-02 | 0 |",
        "| checkout | 100 | gold | none | 0 |",
    ]
    assert "## quote: 66/100, no level" in lines
    assert "**PB-02 Containers have a liveness probe** (high)" in lines
    assert any(line.startswith("- `b/manifests.yaml:") for line in lines)
    assert any(line.startswith("- *Why:* ") for line in lines)
    assert any(line.startswith("- *Mend:* ") for line in lines)
    assert "## checkout" not in text


def test_names_from_manifests_are_no_markup() -> None:
    found = objects("deployment")
    found["deployment"]["metadata"]["name"] = "a|b <img src=x> `*x*`"
    found["deployment"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"] = {}

    text = render(score(files_of(found), scorecard("PB-02")))

    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert "<img" not in html
    assert "<em>x</em>" not in html
    assert "a|b &lt;img src=x&gt; <code>*x*</code>" in html


@pytest.mark.parametrize(
    ("data", "html"),
    [
        ('alert on `absent(x{a="b"})` now', "alert on <code>absent(x{a=&quot;b&quot;})</code> now"),
        ("one ` alone <b>", "one ` alone &lt;b&gt;"),
        ("``two`` *x*", "``two`` *x*"),
        ("a ` b `c` *d*", "a ` b <code>c</code> *d*"),
        ("` *x* `", "` *x* `"),
        ("\\`x` *y*", "\\`x` *y*"),
        ("`a` and `@team|b`", "<code>a</code> and <code>@team|b</code>"),
        ("to @team", "to @<!-- -->team"),
    ],
)
def test_code_in_a_message_is_code_and_nothing_else_is_markup(data: str, html: str) -> None:
    report = score(files_of(objects("deployment")), scorecard("PB-02"))
    waiver = WaiverReport("X", Standing.UNUSED, "o", "p`q|r", 1, data, None, 0, "")

    text = render(replace(report, waivers=(waiver,)))

    made = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert f"<td>{html}</td>" in made
    assert "<td>o <code>p`q|r:1</code></td>" in made


def test_what_is_missing_and_what_was_skipped_is_folded_away() -> None:
    files = files_of(objects("rollout", "service")) | {"x.yaml": b"\xff\x00"}

    text = render(score(files, scorecard("RO-05", "AC-01")))

    assert "<details><summary>1 not read</summary>" in text
    assert "- `x.yaml`: binary, not text" in text


def test_without_services() -> None:
    assert render(score({}, scorecard("PB-01"))) == "# Sample\n\nNo service was found.\n"


def test_waivers_are_a_table_with_whom_why_and_until_when() -> None:
    found = objects("deployment")
    found["deployment"]["metadata"]["annotations"] = {
        "paved.example.com/waive.PB-02": "restarts | lose work; until 2027-01-31",
        "paved.example.com/waive.PB-01": "old; until 2027-01-31",
    }
    del found["deployment"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]

    lines = render(score(files_of(found), scorecard("PB-01", "PB-02"))).splitlines()

    start = lines.index("## Waived (2)")
    place = "Deployment/payments/checkout `services/checkout/manifests.yaml"
    assert lines[start + 2 :] == [
        "| check | by | until | findings | why |",
        "| --- | --- | --- | ---: | --- |",
        (
            f"| PB-01 | {place}:8` | 2027-01-31 | 0 | old it waives nothing: the check finds no fault "
            "here, so take it out |"
        ),
        f"| PB-02 | {place}:7` | 2027-01-31 | 1 | restarts \\| lose work |",
    ]


def test_what_the_baseline_knows_is_counted_and_not_repeated() -> None:
    found = objects("deployment")
    container = found["deployment"]["spec"]["template"]["spec"]["containers"][0]
    del container["livenessProbe"]
    before = entries_of(score(files_of(found), scorecard("PB-02")))
    del container["readinessProbe"]

    text = render(compare(score(files_of(found), scorecard("PB-01", "PB-02")), before, exists=bool))

    assert "Held against a baseline: 1 new, 1 known, 0 mended." in text
    assert "| checkout | 0 | none | PB-01 | 0 |" in text
    assert "livenessProbe" not in text
