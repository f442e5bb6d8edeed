"""`make docs`: writes the reference pages that come from the code; a test for each says when one is stale."""

from __future__ import annotations

import os
import sys

import django

from flagstone.cli.reference import reference as cli_reference
from flagstone.core.content import CHECKOUT, content_dir
from flagstone.scaffolding.engine.reference import reference as template_reference
from flagstone.scorecards.engine.definition import load_scorecard
from flagstone.scorecards.engine.reference import reference

REFERENCE = CHECKOUT / "docs" / "reference"


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flagstone.config.settings")
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - Django has to be set up first

    card = load_scorecard(content_dir("scorecards") / "production-readiness.yaml")
    (REFERENCE / "template-yaml.md").write_text(template_reference(), encoding="utf-8")
    (REFERENCE / "cli.md").write_text(cli_reference(), encoding="utf-8")
    (REFERENCE / "checks.md").write_text(reference(card), encoding="utf-8")
    call_command("spectacular", file=str(REFERENCE / "openapi.yaml"), fail_on_warn=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
