"""Isolation (own servers, own home, own git settings) and the cast: admin, lead, member, stranger."""

from __future__ import annotations

import base64
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
import pytest

from flagstone.config.runtime import postgres, redis_server

_SERVERS: list[Any] = []


def _choose_a_home() -> None:
    """Name the settings and their home before any other conftest can make Django read them.

    The workers of xdist inherit what their parent chose.
    """
    if os.environ.get("FLAGSTONE_TEST_RUN"):
        return
    home = Path(tempfile.mkdtemp(prefix="flagstone-tests-"))
    (home / "static").mkdir()  # where WhiteNoise looks first
    home.chmod(0o755)  # PostgreSQL runs as another account when the tests run as root
    os.environ |= {
        "FLAGSTONE_TEST_RUN": str(os.getpid()),
        "FLAGSTONE_HOME": str(home),
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "DJANGO_SETTINGS_MODULE": "flagstone.config.settings",
        # seals nothing that anybody could want
        "FLAGSTONE_SEALING_KEYS": base64.urlsafe_b64encode(
            b"for the secrets of the tests!!!!"
        ).decode(),
    }
    # each of the many programs of ours that tests start would be compiled anew
    sys.dont_write_bytecode = False
    for name in ("DATABASE_URL", "REDIS_URL", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)


_choose_a_home()


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL and Redis once for the whole run."""
    if os.environ["FLAGSTONE_TEST_RUN"] == str(os.getpid()):
        home = Path(os.environ["FLAGSTONE_HOME"])
        _SERVERS.append(postgres.start(home, log=home / "logs" / "postgres.log", durable=False))
        _SERVERS.append(redis_server.start(home, log=home / "logs" / "redis.log"))
    django.setup()
    from tests.emptying import empty_after_each_test

    empty_after_each_test()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long: at the end no worker of xdist is to sit at one alone."""
    long = ("slow", "worker", "timeout")
    first = {item.path for item in items if any(map(item.get_closest_marker, long))}
    items.sort(key=lambda item: item.path not in first)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    """Give each worker of xdist a Redis database of its own.

    In one for all of them, the Celery worker that a test starts would take the messages of another test.
    """
    for number, spec in enumerate(specs, start=1):
        spec.env["REDIS_URL"] = redis_server.url(Path(os.environ["FLAGSTONE_HOME"]), number)


def pytest_unconfigure(config: pytest.Config) -> None:
    for server in reversed(_SERVERS):
        server.stop(10)
    if _SERVERS:
        _SERVERS.clear()
        shutil.rmtree(os.environ["FLAGSTONE_HOME"], ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The database goes when nobody else is at it: PostgreSQL needs a moment to notice that a process was killed."""
    from django.db import connection
    from django.db.backends.signals import connection_created

    opened: dict[int, str] = {}
    of_this_thread: list[Any] = []

    def note(connection: Any, **_: Any) -> None:
        thread = threading.current_thread()
        test = os.environ.get("PYTEST_CURRENT_TEST", "no test")
        opened[connection.connection.info.backend_pid] = f"{test}, in {thread.name}"
        if thread is threading.main_thread() and connection not in of_this_thread:
            of_this_thread.append(connection)

    connection_created.connect(note)
    yield
    others = "SELECT pid, state, query FROM pg_stat_activity WHERE datname = current_database()"
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # beside a browser's event loop Django keeps another set of connections, which nobody sees once that is over
        for wrapper in of_this_thread:
            if wrapper.connection is not connection.connection:
                wrapper.close()
        end = time.monotonic() + 60
        while True:
            cursor.execute(f"{others} AND pid <> pg_backend_pid()")
            found = cursor.fetchall()
            if not found or time.monotonic() > end:
                break
            time.sleep(0.1)
    left = [(*each, opened.get(each[0], "by another process")) for each in found]
    assert left == [], (
        "somebody is still at the database: a test has left a connection or a process"
    )


@pytest.fixture(autouse=True)
def _own_places(settings: Any, tmp_path: Path) -> None:
    """Each test has a local code host of its own, made where it is used, and a cache key space of its own."""
    from django.core.cache import caches

    settings.FLAGSTONE_LOCAL_HOST_ROOT = tmp_path / "repositories"
    own_keys = f"test-{os.environ.get('PYTEST_XDIST_WORKER', '')}-{tmp_path.name}"
    settings.CACHES["default"]["KEY_PREFIX"] = own_keys
    caches["default"].key_prefix = own_keys  # this thread's was made from the settings before
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def make_user(db: None) -> Callable[..., Any]:
    """Make somebody who can sign in: `make_user("maria", role="member")`; the password is the name twice."""
    from flagstone.accounts.models import User

    def make(username: str, *, role: str = "member", entity_ref: str = "", **fields: Any) -> User:
        user = User(
            username=username,
            role=role,
            entity_ref=entity_ref or f"user:default/{username}",
            **fields,
        )
        user.set_password(username * 2)
        user.save()
        return user

    return make


@pytest.fixture
def admin_user(make_user: Callable[..., Any]) -> Any:
    return make_user("ada", role="platform_admin", is_staff=True, is_superuser=True)


@pytest.fixture
def lead(make_user: Callable[..., Any]) -> Any:
    return make_user("leo", role="squad_lead")


@pytest.fixture
def member(make_user: Callable[..., Any]) -> Any:
    return make_user("mia", role="member")


@pytest.fixture
def stranger(make_user: Callable[..., Any]) -> Any:
    return make_user("sam", role="viewer")


@pytest.fixture
def audit_actions(db: None) -> Callable[[], list[str]]:
    """List the actions recorded so far, oldest first."""
    from flagstone.core.models import AuditEntry

    def actions() -> list[str]:
        return list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))

    return actions
