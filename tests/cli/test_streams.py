"""Standard streams that are closed or full: a sentence where something has to be written, else nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FULL = (
    "flagstone: not all could be written to the standard output: No space left on device; make room there, "
    "or send it elsewhere\n"
)
CLOSED = (
    "flagstone: nothing can be written, as the standard output is closed: leave it open, or send it "
    "to a file\n"
)


def sent(where: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command from a shell that closes its streams or sends them somewhere."""
    code = "from flagstone.cli.main import main; main()"
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {where}', "sh", sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "platform")},
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_report_for_a_closed_output_is_an_error(repository: Path, form: str) -> None:
    done = sent(">&-", "score", str(repository), "--format", form)

    assert (done.returncode, done.stderr) == (2, CLOSED)


@pytest.mark.parametrize("arguments", [("policy", "list"), ("--version",), ("score", "--help")])
def test_so_is_all_else_that_is_asked_to_be_written(arguments: tuple[str, ...]) -> None:
    done = sent(">&-", *arguments)

    assert (done.returncode, done.stderr) == (2, CLOSED)


def test_a_report_in_a_file_needs_no_output(repository: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"

    done = sent("<&- >&-", "score", str(repository), "-o", str(report))

    assert (done.returncode, done.stderr) == (0, "")
    assert "checkout" in report.read_text()


def test_a_closed_error_output_is_none_to_complain_to(repository: Path) -> None:
    done = sent("2>&-", "score", str(repository))

    assert (done.returncode, done.stderr) == (0, "")
    assert "checkout" in done.stdout


def test_a_usage_error_is_one_with_both_closed() -> None:
    assert sent(">&- 2>&-", "score", "/nowhere").returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        *(("policy", "list", "--format", form) for form in ("text", "json")),
        *(
            ("policy", "test", "{}", "--format", form)
            for form in ("text", "json", "junit", "sarif")
        ),
        *(
            ("score", "{}", "--format", form)
            for form in ("text", "json", "sarif", "junit", "markdown")
        ),
        ("score", "{}", "--output", "/dev/stdout"),
        ("--version",),
        ("policy", "--help"),
        ("score", "--help"),
    ],
)
def test_a_full_disk_is_told_in_a_sentence(repository: Path, arguments: tuple[str, ...]) -> None:
    done = sent("> /dev/full", *(each.format(repository) for each in arguments))

    told = "flagstone: /dev/stdout cannot be written: No space left on device\n"
    assert done.stderr == (told if "/dev/stdout" in arguments else FULL)
    assert done.returncode == 2


def test_a_reader_that_leaves_early_is_no_error_to_tell() -> None:
    done = sent("| true", "policy", "list")

    assert (done.returncode, done.stderr) == (0, "")
