"""How children end when their parent does, or is interrupted: with it, and without a word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """\
import os, signal, sys, time
from flagstone.core import forking, parent_death

# whoever runs these tests in the background may have them ignore it
signal.signal(signal.SIGINT, signal.default_int_handler)

def works(items):
    if os.getpid() == here:
        time.sleep(60)
    print(os.getpid(), flush=True)
    time.sleep(60 * (what == "computing"))
    return [bytes(10_000_000) for _ in items]

here, what = os.getpid(), sys.argv[1]
if what == "answering":  # as where the kernel ends no child
    parent_death._LIBC = None
try:
    forking.in_shares(works, [1, 2], processes=2, least=1)
except KeyboardInterrupt:
    time.sleep(0.5)  # time enough for a child to say something
    sys.exit(130)
"""


def started(what: str) -> tuple[subprocess.Popen[str], psutil.Process]:
    """A process that works with a child: both at work, or the child at its answer."""
    parent = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, what],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "platform")},
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    time.sleep(0.3)
    return parent, child


@pytest.mark.parametrize("what", ["computing", "answering"])
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_a_child_ends_with_its_parent(what: str, by: signal.Signals) -> None:
    if what == "computing" and sys.platform != "linux":
        pytest.skip("only Linux ends a child that does not write")
    parent, child = started(what)

    parent.send_signal(by)

    assert psutil.wait_procs([child], timeout=45)[1] == []
    assert parent.communicate(timeout=45) == ("", "")
    assert parent.returncode == -by


@pytest.mark.parametrize("what", ["computing", "answering"])
def test_an_interrupt_is_the_parents_to_tell(what: str) -> None:
    parent, child = started(what)

    os.killpg(parent.pid, signal.SIGINT)

    assert parent.communicate(timeout=45) == ("", "")
    assert parent.returncode == 130
    assert psutil.wait_procs([child], timeout=45)[1] == []
