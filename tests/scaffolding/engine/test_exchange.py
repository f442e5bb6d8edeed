from __future__ import annotations

import subprocess
import sys

import pytest

from flagstone.scaffolding.engine.exchange import AnsweredTooMuch, Clock, TookTooLong, exchange


def child(code):
    return subprocess.Popen(
        (sys.executable, "-c", f"import sys, time\n{code}"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def exchanged(code, *, seconds=30.0):
    process = child(code)
    try:
        return exchange(process, b"order", watch=Clock(seconds), most=100)
    finally:
        process.kill()
        process.wait()


def test_the_answer_comes_whole_and_of_the_talk_the_end():
    code = "sys.stdout.write(sys.stdin.read() * 2)\nsys.stderr.write('x' * 9000 + 'end')"
    answer, said = exchanged(code)
    assert answer == b"orderorder"
    assert (len(said), said[-4:]) == (8192, "xend")


def test_an_answer_without_end_is_not_read_to_its_end():
    with pytest.raises(AnsweredTooMuch):
        exchanged("while True: sys.stdout.write('x' * 100_000)")


def test_a_child_without_end_is_not_waited_for():
    with pytest.raises(TookTooLong):
        exchanged("time.sleep(60)", seconds=0.5)
