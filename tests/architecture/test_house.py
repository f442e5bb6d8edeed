"""House rules that no linter knows. (The floors themselves are import-linter's: `make check`.)"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "platform" / "flagstone"
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "migrations" not in p.parts)
LONGEST = 400


def _named(paths):
    return [pytest.param(p, id=str(p.relative_to(PACKAGE))) for p in paths]


def test_the_source_root_is_no_package():
    assert not (ROOT / "platform" / "__init__.py").exists(), (
        "it would shadow the standard library's platform"
    )


@pytest.mark.parametrize("module", _named(MODULES))
def test_a_module_is_one_subject_of_readable_length(module: Path):
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc", "part2"])
def test_no_drawer_for_everything(name: str):
    assert not [str(p) for p in MODULES if name in p.relative_to(PACKAGE).with_suffix("").parts]


def test_work_is_enqueued_only_after_commit():
    hasty = re.compile(r"\.(delay|apply_async)\(")
    found = {p for p in MODULES if hasty.search(p.read_text(encoding="utf-8"))}
    # the base of every task is what waits for the commit, so it alone may
    assert found == {PACKAGE / "core" / "tasks.py"}


def test_no_code_asks_whether_it_runs_eagerly():
    assert not [
        str(p.relative_to(ROOT)) for p in MODULES if "ALWAYS_EAGER" in p.read_text(encoding="utf-8")
    ]


def test_the_pipeline_of_an_app_never_calls_its_actions():
    for app in sorted(p.name for p in PACKAGE.iterdir() if p.is_dir()):
        for pipeline in (PACKAGE / app).glob("pipeline*"):
            files = [pipeline] if pipeline.is_file() else pipeline.rglob("*.py")
            for file in files:
                assert f"flagstone.{app}.actions" not in file.read_text(encoding="utf-8"), file


def test_nothing_tracked_names_a_path_of_one_machine():
    tracked = subprocess.run(
        [
            "git",
            "grep",
            "-nIE",
            r"(^|[^A-Za-z0-9._])/(work|root)/[a-z.]",
            "--",
            ".",
            ":!tests/architecture/test_house.py",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tracked.stdout == ""
