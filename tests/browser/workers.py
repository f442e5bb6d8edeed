"""A real Celery worker beside the live server, on the same database, broker and folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

from flagstone.config.celery import app
from flagstone.config.runtime import postgres
from flagstone.config.runtime.children import Child, spawn, wait_until


@contextmanager
def running_worker(settings: Any, log: Path) -> Iterator[Child]:
    """Run a worker of all queues until the block ends; what other tests left in the queues is dropped first."""
    app.control.purge()
    environment = {
        **os.environ,
        "DATABASE_URL": postgres.url(
            Path(os.environ["FLAGSTONE_HOME"]), connection.settings_dict["NAME"]
        ),
        "FLAGSTONE_SECRET_KEY": "k" * 60,
        "FLAGSTONE_LOCAL_HOST_ROOT": str(settings.FLAGSTONE_LOCAL_HOST_ROOT),
    }
    queues = ",".join(queue.name for queue in settings.CELERY_TASK_QUEUES)
    options = ["-Q", queues, "-c", "2", "-l", "INFO", "--without-gossip", "--without-mingle"]
    command = [sys.executable, "-m", "celery", "-A", "flagstone.config", "worker", *options]
    worker = spawn("worker", command, log=log, env=environment)
    try:
        wait_until(lambda: _is_ready(log), worker, timeout=60, what="The Celery worker")
        yield worker
    finally:
        worker.stop(10)
        sys.stdout.write(worker.last_lines(60))  # pytest shows it where the test failed


def _is_ready(log: Path) -> bool:
    return log.is_file() and " ready." in log.read_text(errors="replace")
