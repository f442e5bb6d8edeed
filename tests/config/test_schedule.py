"""What beat starts exists under that name, and goes to a queue that a worker listens to."""

from __future__ import annotations

import pytest
from django.conf import settings

from flagstone.config.celery import app
from flagstone.config.runtime.up import QUEUES


@pytest.mark.parametrize("entry", settings.CELERY_BEAT_SCHEDULE.values(), ids=lambda e: e["task"])
def test_a_scheduled_task_exists_and_is_heard(entry):
    app.loader.import_default_modules()
    assert entry["task"] in app.tasks
    queue = app.amqp.router.route({}, entry["task"])["queue"].name
    assert queue in QUEUES.split(",")
