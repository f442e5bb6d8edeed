"""docs/reference/checks.md is made from the code, and fresh."""

from __future__ import annotations

import re

from flagstone.scorecards.engine.checks import REGISTRY
from flagstone.scorecards.engine.reference import reference
from flagstone.scorecards.engine.runbook_text import read_runbook
from tests.scorecards.engine.samples import REPOSITORY, production_readiness

PAGE = REPOSITORY / "docs" / "reference" / "checks.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(production_readiness()), (
        "run: python -m flagstone.scorecards.engine.reference > docs/reference/checks.md"
    )


def test_every_check_has_its_section_and_its_link_leads_there() -> None:
    text = reference(production_readiness())
    anchors = read_runbook("checks.md", text).anchors

    for check in REGISTRY:
        link = re.search(rf"\| \[{check.id}\]\(#([^)]+)\)", text)
        assert link, check.id
        assert link[1] in anchors
    assert "**Parameter `start_seconds`**, 30 unless set: how long a container may need" in text
