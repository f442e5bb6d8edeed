"""A real Celery worker on the real broker, killed with -9 while it makes a service."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from celery import Celery
from django.db import connection
from django.utils import timezone
from redis import Redis

from flagstone.config.runtime import postgres, redis_server
from flagstone.forge.hosts.local import LocalForge
from flagstone.scaffolding.models import STUCK_AFTER, ScaffoldRun
from tests.forge.repositories import git
from tests.waiting import comes_true

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]


class Workers:
    """Workers on a Redis database of their own, so that no other test's messages reach them."""

    def __init__(self, environment: dict[str, str], broker: str) -> None:
        self._environment = environment
        self._client = Celery(broker=broker, set_as_current=False)
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        command = "-m celery --quiet -A flagstone.config worker -Q scaffold,ingest -c 1 --without-mingle -l ERROR"
        worker = subprocess.Popen(
            [sys.executable, "-W", "ignore", *command.split()],
            env=self._environment,
            start_new_session=True,
        )
        self._running.append(worker)
        return worker

    def send(self, task: str, *arguments: str) -> None:
        self._client.send_task(f"flagstone.{task}", args=arguments, queue="scaffold")

    def kill(self) -> None:
        for worker in self._running:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(20)
        self._running.clear()

    def close(self) -> None:
        self.kill()
        self._client.close()


@pytest.fixture
def workers(settings, scaffolds, root, worker_id) -> Iterator[Workers]:
    home = Path(os.environ["FLAGSTONE_HOME"])
    number = 8 + int(worker_id.removeprefix("gw")) % 8 if worker_id.startswith("gw") else 7
    Redis.from_url(redis_server.url(home, number)).flushdb()
    made = Workers(
        {
            **os.environ,
            "DATABASE_URL": postgres.url(home, connection.settings_dict["NAME"]),
            "REDIS_URL": redis_server.url(home, number),
            "FLAGSTONE_SECRET_KEY": "k" * 60,
            "FLAGSTONE_SCAFFOLDS_DIR": str(scaffolds),
            "FLAGSTONE_SCORECARDS_DIR": str(settings.FLAGSTONE_SCORECARDS_DIR),
            "FLAGSTONE_LOCAL_HOST_ROOT": str(root),
        },
        f"redis+socket://{redis_server.socket(home)}?virtual_host={number}",
    )
    yield made
    made.close()


def wait_until(condition: Callable[[], bool], *, every: float = 0.05) -> None:
    assert comes_true(condition, 150, every=every), "it did not happen in time"


def is_rendering(run: ScaffoldRun, root: Path) -> bool:
    return run.job.steps.filter(key="render").exclude(state="waiting").exists()


def has_repository(run: ScaffoldRun, root: Path) -> bool:
    return (root / "acme/checkout.git").is_dir()


def has_branch(run: ScaffoldRun, root: Path) -> bool:
    return "refs/heads/flagstone/" in git(root / "acme/gitops.git", "for-each-ref", "refs/heads")


@pytest.mark.parametrize("moment", [is_rendering, has_repository, has_branch])
def test_a_killed_worker_is_followed_by_another(request_run, workers, root, moment):
    run = request_run()
    workers.start()
    workers.send("scaffolding.execute_run", str(run.pk))
    wait_until(lambda: moment(run, root), every=0.002)
    workers.kill()

    # what beat does every few seconds, once a run has not been touched for long enough
    long_ago = timezone.now() - STUCK_AFTER - timedelta(seconds=1)
    ScaffoldRun.objects.filter(pk=run.pk).update(touched_at=long_ago)
    workers.start()
    workers.send("scaffolding.sweep_runs")
    wait_until(lambda: ScaffoldRun.objects.get(pk=run.pk).state == "waiting")

    run.refresh_from_db()
    assert LocalForge(root).repository_names() == ["acme/checkout", "acme/gitops"]
    [pull_request] = LocalForge(root).list_pull_requests("acme/gitops")
    assert (pull_request.number, run.pull_request.number) == (1, 1)
    heads = git(root / "acme/gitops.git", "for-each-ref", "--format=%(refname)", "refs/heads")
    assert heads.splitlines() == [f"refs/heads/{pull_request.source}", "refs/heads/main"]
