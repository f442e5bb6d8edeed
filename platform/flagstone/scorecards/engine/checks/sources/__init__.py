"""IN: what lies in the repository, before anything is judged."""

from __future__ import annotations

from flagstone.scorecards.engine.checks.sources import (
    files,
    schemas,
)

CHECKS = (
    files.readable,
    files.defined_once,
    schemas.fits,
)
