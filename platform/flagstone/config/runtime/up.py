"""Everything that `make up` starts, watches and stops: PostgreSQL, Redis, web, worker and beat."""

from __future__ import annotations

import fcntl
import importlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from flagstone.config import env
from flagstone.config.demo.people import PASSWORD, SIGN_INS
from flagstone.config.runtime import kept_address, kept_keys, postgres, redis_server, styles
from flagstone.config.runtime.children import Child, StartError, spawn, wait_until

STOP_TIMEOUT = 20.0
WEB_TIMEOUT = 60.0
QUEUES = "default,scaffold,evaluate,ingest"
CELERY = (sys.executable, "-m", "celery", "-A", "flagstone.config.celery")


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    @property
    def url(self) -> str:
        return os.environ.get("FLAGSTONE_URL") or f"http://{self.bind}"

    @property
    def bind(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def probe(self) -> str:
        """Where this machine reaches it."""
        return f"127.0.0.1:{self.port}" if self.host == "0.0.0.0" else self.bind  # noqa: S104 - compared, not bound


@dataclass(slots=True)
class Running:
    """What has been started so far, in order; it is stopped in the opposite order."""

    children: list[Child] = field(default_factory=list)

    def add(self, child: Child) -> Child:
        self.children.append(child)
        return child

    def stop(self) -> None:
        while self.children:
            self.children.pop().stop(STOP_TIMEOUT)

    def fallen(self) -> Child | None:
        return next((child for child in self.children if not child.is_running), None)


class _Stopped(BaseException):
    """Ctrl-C or SIGTERM: a BaseException, so that nothing on the way takes it for a failure."""


def up(home: Path, address: Address) -> int:
    """Start everything, say where it is, and keep watch until Ctrl-C; return the exit status."""
    begun = time.monotonic()
    _make_home(home)
    running = Running()
    with _only_one(home, address), _stop_on_signals():
        _refuse_taken_port(address)
        environment = _environment(home, address)
        _check_settings()
        kept_address.keep(home, address.url)
        try:
            _start_servers(home, running)
            _prepare(environment)
            _start_flagstone(home, address, environment, running)
            has_demo = _load_demo(environment)
            _say_where(address, time.monotonic() - begun, has_demo=has_demo)
            return _watch(running)
        except _Stopped:
            _say("\nStopping …")
            return 0
        finally:
            with _deaf_to_signals():
                running.stop()
            _say("Stopped; the data are kept.")


def reset(home: Path) -> int:
    """Delete the data of the embedded servers and all else under the home, so that the next start is the first."""
    if home.is_dir():
        with _only_one(home, None):
            postgres.remove(home)
            shutil.rmtree(home)
    _say(f"{home} is gone; `make up` starts over.")
    return 0


def _environment(home: Path, address: Address) -> dict[str, str]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "flagstone.config.settings",
        "FLAGSTONE_HOME": str(home),
        "FLAGSTONE_URL": address.url,
        "PYTHONUNBUFFERED": "1",
    }
    for name, key in (
        ("FLAGSTONE_SECRET_KEY", kept_keys.SECRET_KEY),
        ("FLAGSTONE_SEALING_KEYS", kept_keys.SEALING_KEY),
    ):
        if not env.secret(name):
            environment[name] = key.read_or_make(home)
    return environment


def _check_settings() -> None:
    """Read the settings once, here: a wrong one is a sentence before anything runs, not a child's traceback."""
    importlib.import_module("flagstone.config.settings")


def _start_servers(home: Path, running: Running) -> None:
    logs = home / "logs"
    if not (os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE")):
        with _saying("PostgreSQL"):
            running.add(postgres.start(home, log=logs / "postgres.log"))
    url = env.secret("REDIS_URL")
    with _saying("Redis"):
        if url:
            redis_server.reach(url)
        else:
            running.add(redis_server.start(home, log=logs / "redis.log"))


def _prepare(environment: dict[str, str]) -> None:
    with _saying("Database schema"):
        _run(
            ["-m", "django", "migrate", "--noinput", "--verbosity", "0"],
            environment,
            "The database schema could not be brought up to date",
        )
    with _saying("Styles"):
        styles.build()


def _start_flagstone(
    home: Path, address: Address, environment: dict[str, str], running: Running
) -> None:
    logs = home / "logs"
    with _saying("Worker and beat"):
        running.add(spawn("worker", worker_command(), log=logs / "worker.log", env=environment))
        running.add(spawn("beat", _beat(home), log=logs / "beat.log", env=environment))
    with _saying("Web"):
        web = running.add(spawn("web", web_command(address), log=logs / "web.log", env=environment))
        wait_until(lambda: is_ready(address), web, timeout=WEB_TIMEOUT, what="The web server")
    fallen = running.fallen()
    if fallen:
        raise StartError(
            f"{fallen.name} ended at once. The end of {fallen.log}:\n{fallen.last_lines()}"
        )


def worker_command(*, processes: int = 2) -> list[str | Path]:
    options = ["--queues", QUEUES, "--concurrency", str(processes), "--loglevel", "INFO"]
    return [*CELERY, "worker", *options, "--without-gossip", "--without-mingle"]


def _beat(home: Path) -> list[str | Path]:
    schedule = home / "beat-schedule"
    return [*CELERY, "beat", "--loglevel", "WARNING", "--schedule", schedule, "--pidfile", ""]


def web_command(address: Address) -> list[str | Path]:
    options = ["--workers", "2", "--threads", "4", "--graceful-timeout", "5", "--no-control-socket"]
    where = ["--bind", address.bind]
    return [sys.executable, "-m", "gunicorn", "flagstone.config.wsgi:application", *where, *options]


def _load_demo(environment: dict[str, str]) -> bool:
    """Fill an empty database; tell whether the demo is in it, from now or from before."""
    with _saying("Demo organisation"):
        failure = "The demo organisation could not be loaded"
        return _run(["-m", "flagstone.config.demo"], environment, failure).strip() == "demo"


def _watch(running: Running) -> int:
    while True:
        fallen = running.fallen()
        if fallen:
            _say(
                f"\n{fallen.name} ended unexpectedly (exit status {fallen.process.returncode}), so everything stops. "
                f"The end of {fallen.log}:\n{fallen.last_lines()}\nYour data are safe; `make up` starts again."
            )
            return 1
        time.sleep(0.5)


def _say_where(address: Address, seconds: float, *, has_demo: bool) -> None:
    people = "".join(
        f"\n      {ref.rpartition('/')[2]:<10} {role.replace('_', ' ')}"
        for role, ref in SIGN_INS.items()
    )
    demo = f"Sign in, in the demo organisation, with the password  {PASSWORD}{people}"
    _say(
        f"\n  Flagstone is up after {seconds:.0f} s:  {address.url}\n"
        f"\n  {demo if has_demo else 'Sign in with your own account.'}\n"
        "\n  Ctrl-C stops everything and keeps the data; `make reset` starts over.\n"
    )


def _run(words: list[str], environment: dict[str, str], failure: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StartError(f"{failure}:\n{_cause(done.stderr or done.stdout)}")
    return done.stdout


def _cause(output: str) -> str:
    """Return what a child said last: of a traceback that Django raised for people, its words alone."""
    _, _, words = output.rpartition("django.db.utils.OperationalError: ")
    return "\n".join(words.strip().splitlines()[-12:])


def _make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        for folder in ("logs", "static"):
            (home / folder).mkdir(exist_ok=True)
    except OSError as error:
        raise StartError(
            f"The folder {home} cannot be made: {error.strerror}. Set FLAGSTONE_HOME to one that can."
        ) from error


def _refuse_taken_port(address: Address) -> None:
    if not 0 < address.port < 65_536:
        raise StartError(f"A port is a number from 1 to 65535, not {address.port}.")
    with socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except socket.gaierror as error:
            raise StartError(
                f"FLAGSTONE_HOST is {address.host}, which is no address of this machine: {error.strerror}."
            ) from error
        except OSError as error:
            raise StartError(
                f"Port {address.port} on {address.host} cannot be used: {error.strerror}. "
                f"Stop the program that has it, or choose another: `make up PORT={address.port + 1}`."
            ) from error


def is_ready(address: Address) -> bool:
    # the name that people use is one that it answers to; 127.0.0.1 need not be
    question = urllib.request.Request(
        f"http://{address.probe}/health/ready", headers={"Host": urlsplit(address.url).netloc}
    )
    try:
        with urllib.request.urlopen(question, timeout=3) as answer:  # noqa: S310 - http, see above
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def _only_one(home: Path, address: Address | None) -> Iterator[None]:
    with (home / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise StartError(
                f"it is running already with the data of {home} ({lock.read().strip()}). "
                "Stop that one first, with Ctrl-C."
            ) from error
        lock.truncate(0)
        lock.write(f"process {os.getpid()}" + (f" at {address.url}" if address else ""))
        lock.flush()
        yield


@contextmanager
def _stop_on_signals() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise _Stopped

    before = {
        number: signal.signal(number, stop)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _deaf_to_signals() -> Iterator[None]:
    """A second Ctrl-C must not leave half of it running."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    yield


@contextmanager
def _saying(what: str) -> Iterator[None]:
    sys.stdout.write(f"  {what:<18} …")
    sys.stdout.flush()
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        _say(" stopped")
        raise
    _say(f" ready in {time.monotonic() - begun:.1f} s")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
