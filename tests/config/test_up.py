"""`make up` as people use it: started, refused twice, stopped by Ctrl-C, by a crash and by a kill."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from flagstone.config.runtime import kept_address

pytestmark = pytest.mark.slow


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Up:
    """One start of the supervisor; `text()` is what it has said so far."""

    def __init__(self, home: Path, port: int) -> None:
        self.log = home.parent / f"{home.name}-{time.monotonic_ns()}.log"
        environment = {
            key: value
            for key, value in os.environ.items()
            if key not in {"DATABASE_URL", "REDIS_URL"}
        }
        environment |= {
            "FLAGSTONE_HOME": str(home),
            "FLAGSTONE_PORT": str(port),
            "FLAGSTONE_URL": "",
        }
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flagstone.config.runtime", "up"],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )

    def text(self) -> str:
        return self.log.read_text()

    def wait_for(self, words: str, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.text():
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.1)

    def children(self) -> dict[str, psutil.Process]:
        names = {"postgres": "postgres", "redis-server": "redis", "gunicorn": "web"}
        names |= {"worker": "worker", "beat": "beat"}
        found = {}
        for child in psutil.Process(self.process.pid).children():
            words = " ".join(child.cmdline())
            found[next(name for key, name in names.items() if key in words)] = child
        return found


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fs-up-") as name:
        Path(name).chmod(0o755)
        (Path(name) / "home").mkdir()
        yield Path(name) / "home"


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., Up]]:
    begun: list[Up] = []

    def begin(port: int | None = None) -> Up:
        begun.append(Up(home, port or _free_port()))
        return begun[-1]

    yield begin
    for up in begun:
        if up.process.poll() is None:
            up.process.kill()
            up.process.wait()


def _gone(processes: list[psutil.Process], seconds: float = 20) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]


def test_it_comes_up_healthy_refuses_a_second_start_and_ctrl_c_leaves_nothing(start, home):
    port = _free_port()
    up = start(port)
    up.wait_for("Ctrl-C stops everything")
    assert f"http://127.0.0.1:{port}" in up.text()
    assert "emeka      platform admin" in up.text()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=10) as answer:
        assert answer.read() == b'{"status": "ok", "database": true, "redis": true}'
    everything = psutil.Process(up.process.pid).children(recursive=True)
    assert set(up.children()) == {"postgres", "redis", "worker", "beat", "web"}

    assert kept_address.kept(home) == f"http://127.0.0.1:{port}"

    second = start()
    assert second.process.wait(30) == 1
    assert f"process {up.process.pid} at http://127.0.0.1:{port}" in second.text()
    assert up.process.poll() is None

    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(60) == 0
    assert up.text().endswith("Stopping …\nStopped; the data are kept.\n")
    assert _gone(everything)


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a child of its parent's death"
)
def test_a_kill_or_a_crash_leaves_nothing_and_the_next_start_works(start):
    up = start()
    up.wait_for("Ctrl-C stops everything")
    everything = psutil.Process(up.process.pid).children(recursive=True)
    up.process.kill()
    up.process.wait()
    assert _gone(everything)

    again = start()
    again.wait_for("Ctrl-C stops everything")
    everything = psutil.Process(again.process.pid).children(recursive=True)
    again.children()["worker"].kill()
    assert again.process.wait(60) == 1
    assert "worker ended unexpectedly (exit status -9), so everything stops." in again.text()
    assert "Your data are safe; `make up` starts again." in again.text()
    assert _gone(everything)


def test_a_taken_port_is_told_with_the_way_out(start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = start(port)
        assert up.process.wait(30) == 1
    assert f"Port {port} on 127.0.0.1 cannot be used: Address already in use." in up.text()
    assert f"`make up PORT={port + 1}`" in up.text()
