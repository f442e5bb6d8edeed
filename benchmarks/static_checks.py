"""Reading 10,000 manifests and holding them against every static check, over only parsing the same files."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from operator import truediv
from pathlib import Path
from statistics import median

import psutil
import yaml

from benchmarks.report import Result
from benchmarks.scoring import generate
from flagstone.core.content import content_dir

SERVICES = 770  # each has 13 files of YAML
RUNS = 3
# What promtool decides is no static check: it plays alerts and tests, and is measured with the whole command.
PLAYED = {"PR-01", "PR-02", "PR-03", "PR-04", "PR-05", "PR-06", "PR-12"}
_BARE = """
import pathlib, sys, yaml
for path in pathlib.Path(sys.argv[1]).rglob("*.yaml"):
    for _ in yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader):
        pass
"""


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="flagstone-bench-") as folder:
        place = Path(folder)
        card = _without_played(place)
        whole, half = place / "whole", place / "half"
        generate(whole, SERVICES)
        generate(half, SERVICES // 2)
        ours, smaller, bare, peaks = [], [], [], []
        for _ in range(RUNS):
            bare.append(_run([sys.executable, "-c", _BARE, str(whole)])[0])
            seconds, peak = _run(_score(whole, card))
            ours.append(seconds)
            peaks.append(peak)
            smaller.append(_run(_score(half, card))[0])
        taken, parsed, less = map(median, (ours, bare, smaller))
        count = f"{sum(1 for _ in whole.rglob('*.yaml')):,}"
        yield Result(
            name="10,000 manifests: start, reading and all static checks, over libyaml parsing the same files",
            value=median(map(truediv, ours, bare)),
            target=3,
            detail=f"`flagstone score` {taken:.1f} s on {psutil.cpu_count()} cores for {count} files of YAML, "
            f"PyYAML with libyaml (`CSafeLoader`) {parsed:.1f} s on one",
        )
        yield Result(
            name="10,000 manifests: memory of all its processes at most",
            value=max(peaks),
            unit=" MB",
            target=500,
            detail="proportional set size, summed five times a second",
        )
        yield Result(
            name="Twice as many manifests: time over that of half",
            value=median(map(truediv, ours, smaller)),
            target=2.2,
            detail=f"{taken:.1f} s and {less:.1f} s",
        )


def _without_played(place: Path) -> Path:
    source = content_dir("scorecards") / "production-readiness.yaml"
    card = yaml.safe_load(source.read_text("utf-8"))
    card["spec"]["checks"] = [c for c in card["spec"]["checks"] if c["id"] not in PLAYED]
    found = place / "scorecard.yaml"
    found.write_text(yaml.safe_dump(card), encoding="utf-8")
    return found


def _score(root: Path, card: Path) -> list[str]:
    command = str(Path(sys.executable).with_name("flagstone"))
    return [command, "score", str(root), "--scorecard", str(card), "--format", "json"]


def _run(command: list[str]) -> tuple[float, float]:
    """Run it; its seconds, and the most memory in MB that it and its children held at once."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = psutil.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _memory(process))
            time.sleep(0.2)
    return time.perf_counter() - begun, peak / 2**20


def _memory(process: psutil.Process) -> int:
    total = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for each in family:
        try:
            total += each.memory_full_info().pss
        except psutil.Error:  # it ended meanwhile
            continue
    return total
