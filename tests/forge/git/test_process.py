from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil
import pytest

from flagstone.forge.git.limits import ProcessLimits
from flagstone.forge.git.process import (
    Completed,
    OutputLimitReached,
    TimeLimitReached,
    run_group,
)
from tests.waiting import comes_true


def run(
    folder: Path,
    code: str,
    *,
    stdin: bytes = b"",
    time_limit: float = 30.0,
    output_limit: int = 10_000_000,
    limits: ProcessLimits | None = None,
) -> Completed:
    return run_group(
        [sys.executable, "-S", "-c", code],
        stdin=stdin,
        environment={"PATH": "/usr/bin:/bin"},
        directory=folder,
        time_limit=time_limit,
        output_limit=output_limit,
        limits=limits,
    )


def test_it_returns_status_and_both_outputs(tmp_path: Path) -> None:
    done = run(tmp_path, "import sys; print('out'); print(' err ', file=sys.stderr); sys.exit(3)")
    assert done == Completed(3, b"out\n", "err")


def test_much_input_and_output_at_once_do_not_block_each_other(tmp_path: Path) -> None:
    data = bytes(range(256)) * 8_000
    code = "import sys; d = sys.stdin.buffer.read(); sys.stderr.write('e' * 300000); sys.stdout.buffer.write(d)"
    done = run(tmp_path, code, stdin=data)
    assert (done.status, done.stdout) == (0, data)
    assert done.stderr == "e" * 65_536


def test_a_reader_that_stops_early_is_no_crash(tmp_path: Path) -> None:
    done = run(tmp_path, "import os; os.close(0); os._exit(7)", stdin=bytes(5_000_000))
    assert done.status == 7


def test_a_missing_program_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_group(
            ["no-such-program"], stdin=b"", environment={}, directory=tmp_path, time_limit=1,
            output_limit=1,
        )  # fmt: skip


GRANDCHILD = """
import subprocess, sys, pathlib, time
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
pathlib.Path("pids").write_text(f"{child.pid}")
"""


def wait_for(folder: Path) -> int:
    return int((folder / "pids").read_text())


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("_case", "end"),
    [("the parent waits too", "time.sleep(60)"), ("the parent is gone already", "sys.exit(0)")],
)
def test_at_the_time_limit_the_whole_group_is_ended(tmp_path: Path, _case: str, end: str) -> None:
    began = time.monotonic()
    with pytest.raises(TimeLimitReached):
        run(tmp_path, GRANDCHILD + end, time_limit=1.0)
    assert time.monotonic() - began < 45
    pid = wait_for(tmp_path)
    assert comes_true(lambda: not is_alive(pid)), "the grandchild lives on"


def test_a_process_may_tidy_up_before_it_is_ended(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    code = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (os.unlink("lock"), sys.exit()))
time.sleep(60)
"""
    with pytest.raises(TimeLimitReached):
        run(tmp_path, code, time_limit=1.0)
    assert not (tmp_path / "lock").exists()


def test_a_process_that_does_not_want_to_end_is_ended(tmp_path: Path) -> None:
    began = time.monotonic()
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    with pytest.raises(TimeLimitReached):
        run(tmp_path, code, time_limit=1.0)
    assert time.monotonic() - began < 45


def test_limits_hold_for_the_command_and_for_its_children(tmp_path: Path) -> None:
    code = (
        "import resource as r, subprocess, sys\n"
        "print([r.getrlimit(k)[1] for k in (r.RLIMIT_CORE, r.RLIMIT_FSIZE, r.RLIMIT_AS, r.RLIMIT_CPU)])\n"
        "sys.stdout.flush()\n"
        "if len(sys.argv) == 1: subprocess.run([sys.executable, '-S', '-c', sys.orig_argv[-1], 'child'])\n"
    )
    limits = ProcessLimits(file_bytes=1024 * 1024, memory_bytes=512 * 1024 * 1024, cpu_seconds=7)
    done = run(tmp_path, code, limits=limits)
    assert done.stdout.decode().splitlines() == ["[0, 1048576, 536870912, 7]"] * 2


def test_a_missing_program_is_an_os_error_under_limits_too(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_group(
            ["no-such-program"], stdin=b"", environment={"PATH": "/usr/bin:/bin"},
            directory=tmp_path, time_limit=1, output_limit=1, limits=ProcessLimits(),
        )  # fmt: skip


def test_too_much_output_ends_the_process(tmp_path: Path) -> None:
    with pytest.raises(OutputLimitReached):
        run(tmp_path, "while True: print('x' * 1000)", output_limit=100_000)
