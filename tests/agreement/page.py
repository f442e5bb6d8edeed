"""The page docs/reference/agreement.md, made of what was counted and what Flagstone said in this run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from flagstone.core.content import CHECKOUT
from flagstone.scorecards.engine.states import State
from tests.agreement import counting
from tests.agreement.counting import Count
from tests.scorecards.engine.samples import files_of_change, score, scorecard, verdict
from tests.scorecards.engine.test_examples import case_study

PAGE = CHECKOUT / "docs" / "reference" / "agreement.md"
_OTHERS = Path(__file__).with_name("others.yaml")
_CHECK = re.compile(r"[A-Z]{2}-\d\d")
_INTRODUCTION = """\
<!-- Made by a test run: `make agreement` -->

# Agreement

What Flagstone reads and says, held against tables and files that others made, and against what other tools say.
The tests that count it fail when a cell changes. The data of others lies beside the checkout, not in it.
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A rule of another tool, and what Flagstone says of a manifest on which the two part."""

    tool: str
    rule: str
    theirs: str
    why: str
    check: str
    expected: State
    found: State


def differences() -> list[Difference]:
    """Judge the manifest of each difference."""
    return [
        Difference(
            tool=each["tool"],
            rule=each["rule"],
            theirs=each["theirs"],
            why=each["why"],
            check=each["check"],
            expected=State(each["state"]),
            found=verdict(
                score(files_of_change(each["change"]), scorecard(each["check"])), each["check"]
            ).state,
        )
        for each in yaml.safe_load(_OTHERS.read_text("utf-8"))
    ]


def mistakes() -> list[tuple[str, list[str], set[str]]]:
    """Each mistake of the case study that a file shows, the checks that should fail, and those that do."""
    failing = {
        check.id
        for service in score(case_study()).services
        for check in service.in_state(State.FAIL)
    }
    page = (CHECKOUT / "docs" / "explanation" / "case-study.md").read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    named = [(row[0], _CHECK.findall(row[1])) for row in rows if len(row) == 3]
    return [(mistake, checks, failing & set(checks)) for mistake, checks in named if checks]


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join(
        [
            _INTRODUCTION,
            *_counts("Reading real manifests", _FACTS, "column", counting.facts()),
            *_counts("Custom resources against their CRDs", _SCHEMAS, "table", counting.schemas()),
            *_counts("Burn rate alerts", _ALERTS, "rows", counting.burn_alerts()),
            *_case_study(),
            *_otherwise(),
        ]
    )


_FACTS = """\
FACTS.tsv holds what a plain reading finds in 77 real files: examples of Argo Rollouts, Argo CD and Flux, samples
of Istio, Google's microservices demo, podinfo. Compared is every cell that either side
fills; of the 77 files, 7 are templates that are no YAML and 7 hold no object, which Flagstone says of each."""
_SCHEMAS = """\
CRD_CHECK.tsv says of each custom resource whether it fits the CRD of its kind, and which fields the CRD
does not have."""
_ALERTS = """\
EXPECTED_alerts.tsv takes the alerts apart that Sloth writes for its examples: which windows are compared with which
multiple of the error budget. Flagstone reads the same from the parsed expression."""


def _counts(title: str, text: str, column: str, counts: Iterable[Count]) -> Iterator[str]:
    yield f"## {title}\n"
    yield f"{text}\n"
    yield f"| {column} | compared | agree | otherwise |"
    yield "| --- | --- | --- | --- |"
    total = otherwise = 0
    for count in counts:
        total, otherwise = total + count.compared, otherwise + len(count.otherwise)
        places = ", ".join(count.otherwise) or "-"
        agree = count.compared - len(count.otherwise)
        yield f"| {count.about} | {count.compared} | {agree} | {places} |"
    yield f"| **all** | **{total}** | **{total - otherwise}** | |\n"


def _case_study() -> Iterator[str]:
    yield "## The mistakes of the case study\n"
    yield "Each mistake that a file of the [case study](../explanation/case-study.md) shows, and the checks that"
    yield "fail on it.\n"
    yield "| mistake | fails |"
    yield "| --- | --- |"
    for mistake, checks, failing in mistakes():
        fails = ", ".join(check if check in failing else f"~~{check}~~" for check in checks)
        yield f"| {mistake} | {fails} |"
    yield ""


def _otherwise() -> Iterator[str]:
    yield "## Where Flagstone judges otherwise, on purpose\n"
    yield "Each line was run: Flagstone's verdict is that on a manifest on which the two part."
    yield "The manifests are in `tests/agreement/others.yaml`.\n"
    yield "| tool | its rule | it says | Flagstone | why |"
    yield "| --- | --- | --- | --- | --- |"
    for each in differences():
        said = f"{each.check}: {each.found.value}"
        yield f"| {each.tool} | {each.rule} | {each.theirs} | {said} | {each.why} |"
    yield ""
