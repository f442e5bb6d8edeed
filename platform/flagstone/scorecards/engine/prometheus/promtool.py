"""`promtool check rules` over many rule files in one run: the verdict of Prometheus itself."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flagstone.policies.manifests.objects import sequence

HOW_TO_GET = "install the Debian package `prometheus`, or put promtool from prometheus.io on PATH"
_SECONDS = 120
_COMPLAINT = re.compile(r"(?P<file>\d+)\.json: (?:\d+:\d+: )?(?P<reason>.*)")
_RULE = re.compile(r'group "(?P<group>.*?)", rule (?P<rule>\d+), (?P<reason>.*)')
# Fields of a group that the operator takes for Thanos or for newer servers than an old promtool.
_UNKNOWN_FUNCTION = re.compile(r'unknown function with name "(?P<name>\w+)"')
_LATER_FUNCTIONS = frozenset(
    {"histogram_avg", "histogram_stddev", "histogram_stdvar", "mad_over_time", "sort_by_label"}
    | {"sort_by_label_desc", "info", "double_exponential_smoothing", "ts_of_max_over_time"}
    | {"ts_of_min_over_time", "ts_of_last_over_time"}
)  # of Prometheus 2.48 to 3.5; Debian's is 2.42
_NOT_FOR_PROMTOOL = frozenset({"partial_response_strategy", "query_offset", "labels"})


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing promtool refuses; `rule` counts from 0 and is None if it is about the file."""

    reason: str
    group: str = ""
    rule: int | None = None


class PromtoolError(RuntimeError):
    """Promtool did not answer."""


def is_of_an_older_promtool(complaint: Complaint) -> bool:
    """Whether it only lacks a function that came later: Prometheus itself may know it."""
    found = _UNKNOWN_FUNCTION.search(complaint.reason)
    return found is not None and found["name"] in _LATER_FUNCTIONS


def find() -> str | None:
    return shutil.which("promtool")


def check_rules(tool: str, specs: Sequence[Mapping[str, Any]]) -> list[tuple[Complaint, ...]]:
    """Return what promtool says against each rule file (`{groups: [...]}`), in order."""
    with tempfile.TemporaryDirectory(prefix="flagstone-rules-") as folder:
        names = [f"{number}.json" for number, _ in enumerate(specs)]
        for name, spec in zip(names, specs, strict=True):
            Path(folder, name).write_text(json.dumps(for_promtool(spec)), encoding="utf-8")
        try:
            run = subprocess.run(
                [tool, "check", "rules", "--lint=none", *names],
                cwd=folder,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PromtoolError(f"promtool did not answer: {error}") from error
    complaints = _by_file(run.stderr, len(names))
    if run.returncode and not any(complaints):
        raise PromtoolError(f"promtool failed: {run.stderr.strip()[:300]}")
    return complaints


def for_promtool(spec: Mapping[str, Any]) -> dict[str, Any]:
    groups = [
        {key: value for key, value in group.items() if key not in _NOT_FOR_PROMTOOL}
        if isinstance(group, dict)
        else group
        for group in sequence(spec.get("groups"))
    ]
    return {"groups": groups}


def _by_file(text: str, files: int) -> list[tuple[Complaint, ...]]:
    """Sort promtool's complaints by file; a line that names no file continues the one before."""
    said: list[list[str]] = [[] for _ in range(files)]
    current: list[str] | None = None
    for line in text.splitlines():
        if found := _COMPLAINT.match(line):
            current = said[int(found["file"])]
            current.append(found["reason"])
        elif line.strip() == "FAILED:":
            current = None
        elif current:
            current[-1] = f"{current[-1]} {line.strip()}"
    return [tuple(map(_complaint, reasons)) for reasons in said]


def _complaint(reason: str) -> Complaint:
    if found := _RULE.match(reason):
        return Complaint(found["reason"], found["group"], int(found["rule"]) - 1)
    return Complaint(reason)
