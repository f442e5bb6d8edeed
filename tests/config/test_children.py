"""Children end with their parent, leave nothing behind, and say why when they fall."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from flagstone.config.runtime.children import StartError, spawn, wait_until
from tests.waiting import comes_true

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


def _gone(pid: int) -> bool:
    return comes_true(
        lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    )


def test_stopping_a_child_ends_its_own_children_too(tmp_path: Path):
    script = f"import subprocess, sys; p = subprocess.Popen({SLEEPER!r}); print(p.pid, flush=True); p.wait()"
    child = spawn("parent", [sys.executable, "-c", script], log=tmp_path / "log")
    while not child.log.read_text().strip():
        time.sleep(0.02)
    grandchild = int(child.log.read_text())
    child.stop(5)
    assert not child.is_running
    assert _gone(grandchild)


def test_a_child_that_does_not_listen_is_killed_after_the_time(tmp_path: Path):
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True); time.sleep(60)"
    )
    child = spawn("deaf", [sys.executable, "-c", script], log=tmp_path / "log")
    while not child.log.read_text():
        time.sleep(0.02)
    child.stop(0.3)
    assert child.process.returncode == -signal.SIGKILL


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a child of its parent's death"
)
def test_a_child_dies_when_its_parent_is_killed(tmp_path: Path):
    script = (
        "import sys, time; from pathlib import Path; from flagstone.config.runtime.children import spawn\n"
        f"c = spawn('child', {SLEEPER!r}, log=Path(sys.argv[1]) / 'log')\n"
        "print(c.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert _gone(pid)


def test_a_child_that_ends_at_once_is_reported_with_the_end_of_its_log(tmp_path: Path):
    child = spawn(
        "bad",
        [sys.executable, "-c", "print('no configuration'); raise SystemExit(3)"],
        log=tmp_path / "bad.log",
    )
    with pytest.raises(StartError) as caught:
        wait_until(lambda: False, child, timeout=10, what="The thing", remedy="Configure it.")
    assert str(caught.value) == (
        f"The thing ended at once.\nThe end of {tmp_path}/bad.log:\nno configuration\nConfigure it."
    )


def test_a_child_that_is_never_ready_is_given_up(tmp_path: Path):
    child = spawn("slow", SLEEPER, log=tmp_path / "log")
    with pytest.raises(StartError, match="was not ready after 0 s"):
        wait_until(lambda: False, child, timeout=0.1, what="The thing")
    child.stop(5)
