"""The reference of the checks, made from the registry; run it as a module to write the page."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from flagstone.core.content import content_dir
from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.engine.definition import Scorecard, load_scorecard
from flagstone.scorecards.engine.registry import Check
from flagstone.scorecards.engine.states import EFFECTS, Severity

_GROUPS = {
    "IN": "Input",
    "PB": "Probes",
    "RS": "Resources",
    "HP": "Autoscaling",
    "PD": "Disruption budgets",
    "SC": "Security of containers",
    "IM": "Images",
    "TS": "Spread over zones",
    "GS": "Shutdown",
    "RO": "Rollouts",
    "AT": "Analysis",
    "VS": "Virtual services",
    "DR": "Destination rules",
    "SV": "Services",
    "NS": "Namespaces",
    "PR": "Alert rules",
    "SM": "Monitors",
    "DB": "Dashboards",
    "GK": "Gatekeeper",
    "SY": "Synthetic checks",
    "AC": "Argo CD",
    "FF": "Feature flags",
    "CI": "Pull requests and CI",
    "RB": "Runbooks",
    "CH": "Chaos drills",
}
_INTRODUCTION = """\
<!-- Made from the code by `make docs` -->

# Checks

What each check of a scorecard looks at, why it matters, how to mend it, and when it cannot be decided. The ids are
permanent. `flagstone score PATH` runs all of them on any GitOps repository; the levels below are those of
`scorecards/production-readiness.yaml`.

A waiver accepts a finding until a date, on the object that has it (or, for the whole service, on its catalogue entity):

```yaml
metadata:
  annotations:
    paved.example.com/waive.VS-04: "the ledger deduplicates by idempotency key; until 2027-03-31"
```

It may stand on the object or on its pod template. Without a reason or a date, or past its date, it waives nothing: the
finding fails, and counts as high at least. One that nothing needs (any more), or that names a check that is not asked,
is told and fails nothing.
"""


def reference(scorecard: Scorecard) -> str:
    """Return the page as Markdown."""
    return "\n".join([_INTRODUCTION, *_states(), *_overview(scorecard), *_details(scorecard)])


def _states() -> Iterator[str]:
    yield "## States\n"
    yield "| state | score | level | gate |"
    yield "| --- | --- | --- | --- |"
    for state, effect in EFFECTS.items():
        score = "out of the sum"
        if effect.in_sum:
            score = "weight earned" if effect.earns else "nothing earned of its weight"
        yield f"| `{state.value}` | {score} | {effect.level} | {effect.gate} |"
    weights = ", ".join(f"{s.label} ({s.value}) {s.weight}" for s in Severity)
    yield ""
    yield f"Weights: {weights}. The score is the weight earned of the weight in the"
    yield "sum, rounded down to whole points; a service to which nothing applies has none. A level is"
    yield "reached when every check at it, and below, is ok.\n"


def _overview(scorecard: Scorecard) -> Iterator[str]:
    yield "## All checks\n"
    yield "| id | what holds | severity | level | decided by |"
    yield "| --- | --- | --- | --- | --- |"
    for check in REGISTRY:
        by = "policy" if check.policy else "manifests"
        yield (
            f"| [{check.id}](#{_anchor(check)}) | {check.name} | {check.severity.label} "
            f"| {_level(check, scorecard)} | {by} |"
        )
    yield ""


def _details(scorecard: Scorecard) -> Iterator[str]:
    group = ""
    for check in REGISTRY:
        prefix = check.id.partition("-")[0]
        if prefix != group:
            group = prefix
            yield f"## {_GROUPS[prefix]}\n"
        yield from _check(check, scorecard)


def _check(check: Check, scorecard: Scorecard) -> Iterator[str]:
    yield f"### {check.id} {check.name}\n"
    yield f"{check.severity.label.capitalize()}, level {_level(check, scorecard)}.\n"
    yield f"- **What it asks.** {check.rule}"
    yield f"- **Why it matters.** {check.why}"
    yield f"- **How to mend it.** {check.remedy}"
    yield f"- **Not applicable.** {check.not_applicable}"
    yield f"- **No data.** {check.no_data}"
    for field in dataclasses.fields(check.params):
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        yield f"- **Parameter `{field.name}`**, {default!r} unless set: {_meaning(check, field.name)}"
    yield ""


def _meaning(check: Check, name: str) -> str:
    """What the docstring of the parameters says of one of them."""
    found = re.search(
        rf"^ +{name}: (.+?)(?=\n +\w+: |\Z)", check.params.__doc__ or "", re.MULTILINE | re.DOTALL
    )
    return " ".join(found[1].split()) if found else ""


def _level(check: Check, scorecard: Scorecard) -> str:
    levels = [rule.level for rule in scorecard.rules if rule.check.id == check.id]
    return levels[0] if levels else "none"


def _anchor(check: Check) -> str:
    words = f"{check.id} {check.name}".lower()
    return re.sub(r"[^\w -]", "", words).replace(" ", "-")


def main() -> None:
    """Write the page to standard output."""
    path = Path(content_dir("scorecards"), "production-readiness.yaml")
    sys.stdout.write(reference(load_scorecard(path)))


if __name__ == "__main__":
    main()
