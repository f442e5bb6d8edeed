"""The real OPA, where FLAGSTONE_REAL_OPA names a folder with the package `opa_bindings`.

It is the evaluator of OPA itself (https://pypi.org/project/opa-golib-python-bindings/) as a library, and runs in a
process of its own: a library of Go does not survive that the process it is in forks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = os.environ.get("FLAGSTONE_REAL_OPA", "")
needs_real_opa = pytest.mark.skipif(
    not (Path(FOLDER) / "opa_bindings").is_dir() or not FOLDER,
    reason="FLAGSTONE_REAL_OPA names no folder with a real OPA",
)
REFUSED, FAILED = "refused", "failed"


class RealOpa:
    """A process that evaluates modules."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("child.py"), FOLDER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def says(
        self, modules: dict[str, str], rule: str, given: Any, data: Any = None
    ) -> dict[str, Any]:
        """What a rule of some modules yields: `result`, if it is not undefined; or `error` with OPA's `message`.

        An error is REFUSED if they do not compile, FAILED if the rule cannot be evaluated.
        """
        question = {"modules": modules, "rule": rule, "input": given, "data": data or {}}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{json.dumps(question)}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate(timeout=60)
