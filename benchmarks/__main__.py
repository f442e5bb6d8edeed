"""`make bench`: every speed target, as ratios taken in one run, written to docs/reference/benchmarks.md."""

from __future__ import annotations

import os
import platform as machine
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks import scoring, walking_road
from benchmarks.report import Result, as_markdown

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "benchmarks.md"


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{machine.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, {machine.system()} "
        f"{machine.release().split('-')[0]}, Python {machine.python_version()}"
    )


def main() -> int:
    from benchmarks import catalogue  # needs the servers that walking_road starts first

    results: list[Result] = []
    for measure in (scoring.measure, walking_road.measure, catalogue.measure):
        for result in measure():
            print(result.line(), flush=True)
            results.append(result)
    PAGE.write_text(as_markdown(results, machine=_machine(), day=datetime.now(UTC).date()))
    missed = [result for result in results if not result.met]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
