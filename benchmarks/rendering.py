"""Rendering in the sandboxed child over the cookiecutter command, previews, and a hundred runs at once."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.report import Result
from benchmarks.walking_road import ANSWERS, ByHand
from flagstone.config.runtime.children import Child, spawn
from flagstone.config.runtime.up import QUEUES
from flagstone.core.content import content_dir

RENDERINGS, PREVIEWS, RUNS, WORKERS = 15, 40, 100, 2
LONGEST = 300.0


def measure() -> Iterator[Result]:
    yield _child()
    yield _previews()
    yield _many_runs()


def _child() -> Result:
    from flagstone.scaffolding.engine.rendering import render_layer  # noqa: PLC0415

    layer = content_dir("scaffolds") / "paved-path"
    command = str(Path(sys.executable).with_name("cookiecutter"))
    ours, theirs = [], []
    with tempfile.TemporaryDirectory(prefix="flagstone-bench-") as place:
        for number in range(RENDERINGS + 1):
            begun = time.perf_counter()
            output = str(Path(place, str(number)))
            subprocess.run(
                [command, "--no-input", "-o", output, str(layer), "name=funds-transfer"],
                check=True,
                capture_output=True,
                env={"HOME": place, "PATH": "/usr/bin:/bin"},
            )
            theirs.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            render_layer(layer, {"name": "funds-transfer"})
            ours.append(time.perf_counter() - begun)
    mine, bare = _median(ours[1:]), _median(theirs[1:])
    return Result(
        name="Rendering a layer in the sandboxed child, over the cookiecutter command on the same template",
        value=mine / bare,
        target=1.3,
        detail=f"child {mine * 1000:.0f} ms, command {bare * 1000:.0f} ms, {RENDERINGS} times each",
    )


def _previews() -> Result:
    from flagstone.accounts.models import User  # noqa: PLC0415
    from flagstone.gate.previews import forecast  # noqa: PLC0415

    actor = User.objects.get(username="emeka")
    seconds = []
    for number in range(PREVIEWS + 1):
        begun = time.perf_counter()
        answers = {"name": f"preview{number:03d}", **ANSWERS}
        forecast(actor=actor, scaffold_id="python-api", answers=answers)
        seconds.append(time.perf_counter() - begun)
    taken = sorted(seconds[1:])
    return Result(
        name="Preview of a service: both trees, policies and starting score, p95",
        value=taken[int(len(taken) * 0.95)] * 1000,
        unit=" ms",
        target=1000,
        detail=f"p50 {_median(taken) * 1000:.0f} ms over {PREVIEWS} previews",
    )


def _many_runs() -> Result:
    """Both sides use two processes at a time."""
    with tempfile.TemporaryDirectory(prefix="flagstone-bench-") as place:
        homes = [Path(place, str(number)) for number in range(WORKERS)]
        for home in homes:
            home.mkdir()
        hands = [ByHand(home) for home in homes]
        begun = time.perf_counter()
        with ThreadPoolExecutor(WORKERS) as pool:
            list(
                pool.map(
                    lambda number: hands[number % WORKERS].make(f"bare{number:03d}"), range(RUNS)
                )
            )
        bare = time.perf_counter() - begun
    mine = _queued_at_once()
    return Result(
        name=f"{RUNS} runs queued at once on {WORKERS} workers: throughput over the same by hand, two at a time",
        value=bare / mine,
        target=0.6,
        at_most=False,
        detail=f"Flagstone {RUNS / mine:.2f} a second, by hand {RUNS / bare:.2f} a second",
    )


def _queued_at_once() -> float:
    from django.conf import settings  # noqa: PLC0415

    from flagstone.accounts.models import User  # noqa: PLC0415
    from flagstone.scaffolding.actions import request_run  # noqa: PLC0415
    from flagstone.scaffolding.models import AT_WORK, RunState, ScaffoldRun  # noqa: PLC0415

    actor = User.objects.get(username="emeka")
    worker = _worker(Path(settings.FLAGSTONE_HOME))
    try:
        begun = time.perf_counter()
        runs = [
            request_run(
                actor=actor, scaffold_id="python-api", answers={"name": f"queued{n:03d}", **ANSWERS}
            ).pk
            for n in range(RUNS)
        ]
        mine = ScaffoldRun.objects.filter(pk__in=runs)
        while mine.filter(state__in=AT_WORK).exists():
            if time.perf_counter() - begun > LONGEST:
                raise RuntimeError(f"the runs did not end: {worker.last_lines()}")
            time.sleep(0.2)
        seconds = time.perf_counter() - begun
    finally:
        worker.stop(10)
    done = mine.filter(state=RunState.WAITING).count()
    if done != RUNS:
        raise RuntimeError(f"{RUNS - done} runs failed: {mine.exclude(error='').first()}")
    return seconds


def _worker(home: Path) -> Child:
    words = ["worker", "--concurrency", str(WORKERS), "--loglevel", "ERROR", "-Q", QUEUES]
    return spawn(
        "worker",
        [sys.executable, "-m", "celery", "-A", "flagstone.config.celery", *words],
        log=home / "logs" / "worker.log",
    )


def _median(seconds: list[float]) -> Any:
    return sorted(seconds)[len(seconds) // 2]
