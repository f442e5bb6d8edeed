"""The embedded servers: made whole or not at all, and clear about what is in their way."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from flagstone.config.runtime import postgres, redis_server
from flagstone.config.runtime.children import StartError


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that another account may reach: PostgreSQL does not run as root."""
    with tempfile.TemporaryDirectory(prefix="fs-embedded-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def _start(home: Path):
    return postgres.start(home, log=home / "postgres.log", durable=False)


def test_data_survive_a_stop_and_a_kill(home: Path):
    server = _start(home)
    with psycopg.connect(postgres.url(home), autocommit=True) as connection:
        connection.execute("CREATE TABLE stone (name text)")
        connection.execute("INSERT INTO stone VALUES ('slate')")
    server.stop(10)
    server = _start(home)
    server.process.kill()
    server.stop(10)
    server = _start(home)
    with psycopg.connect(postgres.url(home)) as connection:
        assert connection.execute("SELECT name FROM stone").fetchall() == [("slate",)]
    server.stop(10)


def test_a_half_made_data_folder_is_thrown_away(home: Path):
    (home / "postgres.new").mkdir()
    (home / "postgres.new" / "PG_VERSION").write_text("18\n")
    server = _start(home)
    server.stop(10)
    assert not (home / "postgres.new").exists()


def test_a_data_folder_with_something_else_in_it_is_refused(home: Path):
    (home / "postgres").mkdir()
    (home / "postgres" / "notes.txt").write_text("mine")
    with pytest.raises(StartError, match="is not empty, but holds no PostgreSQL data"):
        _start(home)
    assert (home / "postgres" / "notes.txt").read_text() == "mine"


def test_data_of_another_version_are_refused_and_kept(home: Path):
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(StartError, match=r"were made by PostgreSQL 9\.6, this is PostgreSQL \d+\."):
        _start(home)
    assert (home / "postgres" / "PG_VERSION").exists()


def test_a_second_server_on_the_same_data_is_told(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(postgres, "LAST_ONE_TIMEOUT", 0.2)
    server = _start(home)
    try:
        with pytest.raises(StartError, match="PostgreSQL ended at once"):
            _start(home)  # the first answers on the socket, so only the child's death can tell
    finally:
        server.stop(10)


def test_a_long_path_gets_a_short_socket(home: Path):
    deep = home / ("d" * 60) / ("e" * 60)
    assert len(str(postgres.places(deep).sockets)) < 60
    assert len(str(redis_server.socket(deep))) < 60


def test_redis_keeps_what_it_holds(home: Path):
    import redis

    server = redis_server.start(home, log=home / "redis.log")
    client = redis.Redis.from_url(redis_server.url(home))
    client.set("stone", "slate")
    client.close()
    server.stop(5)
    server = redis_server.start(home, log=home / "redis.log")
    client = redis.Redis.from_url(redis_server.url(home))
    assert client.get("stone") == b"slate"
    client.close()
    server.stop(5)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has an account to give up")
def test_under_root_a_closed_home_stays_closed(home: Path, monkeypatch: pytest.MonkeyPatch):
    closed = home / "root"
    closed.mkdir(mode=0o700)
    elsewhere = home / "var-lib"
    monkeypatch.setattr(postgres, "ELSEWHERE", elsewhere)
    server = _start(closed / "flagstone")
    with psycopg.connect(postgres.url(closed / "flagstone")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.stop(10)
    assert closed.stat().st_mode & 0o777 == 0o700
    assert not (closed / "flagstone" / "postgres").exists()
    postgres.remove(closed / "flagstone")
    assert [place.name.split("-")[0] for place in elsewhere.iterdir()] == ["postgresql"]
