"""The Celery application: `celery -A flagstone.config worker`."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flagstone.config.settings")

app = Celery("flagstone")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
