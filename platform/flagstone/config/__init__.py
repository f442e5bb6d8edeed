"""The composition root: settings, URLs, Celery, WSGI, and the runtime behind `make up`."""

from flagstone.config.celery import app as celery_app

__all__ = ["celery_app"]
