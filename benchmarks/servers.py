"""A Flagstone of its own for the benchmarks: embedded servers, a migrated database, a local code host."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flagstone.config.runtime import kept_keys, postgres, redis_server


@contextmanager
def running() -> Iterator[Path]:
    """Start the servers durable, as in production, and set Django up on them."""
    with tempfile.TemporaryDirectory(prefix="flagstone-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        os.environ |= {
            "FLAGSTONE_HOME": str(home),
            "DJANGO_SETTINGS_MODULE": "flagstone.config.settings",
            "FLAGSTONE_LOG_LEVEL": "ERROR",
            "FLAGSTONE_SEALING_KEYS": kept_keys.SEALING_KEY.read_or_make(home),
        }
        for name in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        servers = [
            postgres.start(home, log=home / "logs" / "postgres.log"),
            redis_server.start(home, log=home / "logs" / "redis.log"),
        ]
        try:
            _migrate()
            yield home
        finally:
            for server in reversed(servers):
                server.stop(10)


def _migrate() -> None:
    import django  # noqa: PLC0415 - the settings are read here, after the servers are known
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)
