"""A runbook's markdown taken apart."""

from __future__ import annotations

import pytest

from flagstone.scorecards.engine.runbook_text import read_runbook, slugify

TEXT = """---
service: checkout
last_drilled: 2026-11-09
---
# Checkout

## Roll back
Abort, then revert.

### While a canary runs
Abort.

```sh
# this is a comment, no heading
```

## Error budget
Look.
## Error budget
Again.
"""


def test_front_matter_stays_text() -> None:
    found = read_runbook("runbook.md", TEXT)

    assert found.front == {"service": "checkout", "last_drilled": "2026-11-09"}
    assert found.front_problem == ""


def test_a_section_holds_its_sub_sections() -> None:
    found = read_runbook("runbook.md", TEXT)

    assert [(s.title, s.level, s.line) for s in found.sections] == [
        ("Checkout", 1, 5),
        ("Roll back", 2, 7),
        ("While a canary runs", 3, 10),
        ("Error budget", 2, 17),
        ("Error budget", 2, 19),
    ]
    assert "While a canary runs" in found.sections[1].text
    assert "Look." not in found.sections[1].text


def test_repeated_headings_are_numbered() -> None:
    assert read_runbook("runbook.md", TEXT).anchors == {
        "checkout",
        "roll-back",
        "while-a-canary-runs",
        "error-budget",
        "error-budget-1",
    }


@pytest.mark.parametrize(
    ("title", "anchor"),
    [
        ("Error budget burn", "error-budget-burn"),
        ("Roll back (two clicks, no runbook needed)", "roll-back-two-clicks-no-runbook-needed"),
        ("`kubectl` & friends", "kubectl--friends"),
        ("See [the wiki](https://wiki.example.com)", "see-the-wiki"),
        ("snake_case stays", "snake_case-stays"),
        ("Über Größe", "über-größe"),
        ("🔥 Fire", "-fire"),
        ("_Error_ budget", "error-budget"),
        ('<a name="x"></a>Bound', "bound"),
        ("Pods &amp; nodes", "pods--nodes"),
    ],
)
def test_anchors_are_those_of_github(title: str, anchor: str) -> None:
    assert slugify(title) == anchor


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# Checkout\n", "it has no front matter (the part between two lines of ---)"),
        ("---\nservice: [\n---\n", "its front matter is no YAML"),
        ("---\n- a list\n---\n", "its front matter is empty"),
        ("---\n---\n", "its front matter is empty"),
        (
            "\n---\nservice: checkout\n---\n",
            "it has no front matter (the part between two lines of",
        ),
    ],
)
def test_front_matter_that_cannot_be_used(text: str, problem: str) -> None:
    found = read_runbook("runbook.md", text)

    assert found.front == {}
    assert found.front_problem.startswith(problem)
