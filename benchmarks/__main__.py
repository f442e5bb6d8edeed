"""`make bench`: every speed target, as ratios taken in one run, written to docs/reference/benchmarks.md."""

from __future__ import annotations

import os
import platform as machine
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks import (
    catalogue,
    rendering,
    scoring,
    shipping,
    static_checks,
    walking_road,
    webhooks,
)
from benchmarks.report import Result, as_markdown
from benchmarks.servers import running

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "benchmarks.md"


def main() -> int:
    results: list[Result] = []
    with running():
        measures = (
            walking_road.measure,
            rendering.measure,
            scoring.measure,
            static_checks.measure,
            catalogue.measure,
            shipping.measure,
            webhooks.measure,
        )
        for measure in measures:
            for result in measure():
                print(result.line(), flush=True)
                results.append(result)
    day = datetime.now(UTC).date()
    PAGE.write_text(as_markdown(results, machine=_machine(), day=day), encoding="utf-8")
    return 0 if all(result.met for result in results) else 1


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{machine.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, {machine.system()} "
        f"{machine.release().split('-')[0]}, Python {machine.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main())
