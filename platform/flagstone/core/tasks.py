"""The base of every Celery task."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from celery.contrib.django.task import DjangoTask
from django.db import transaction
from kombu.exceptions import OperationalError

from flagstone.core.errors import ExternalError, UserError
from flagstone.core.redaction import redact

logger = logging.getLogger(__name__)


class RetryLater(ExternalError):
    """Raised to have the task tried again: the other side was not ready."""

    default_code = "retry_later"

    def __init__(self, message: str, *, retry_after: float = 5.0) -> None:
        super().__init__(message, retryable=True, retry_after=retry_after)


class FlagstoneTask(DjangoTask):  # type: ignore[type-arg]
    """Acknowledged only when done, so a killed worker's task runs again; every task is idempotent.

    Expected errors (`UserError`) are results for people, not crashes. `RetryLater` is tried again with backoff.
    """

    acks_late = True
    reject_on_worker_lost = True
    throws = (UserError,)
    autoretry_for = (RetryLater,)
    max_retries = 8
    retry_backoff = 2
    retry_backoff_max = 300
    retry_jitter = True
    soft_time_limit = 300
    time_limit = 330
    ignore_result = True

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Tell a worker once the transaction is committed; a broker that is down undoes nothing.

        What was asked for stands in a row, and the sweeps find it: a lost message costs a delay.
        """

        def send() -> None:
            with self._told_later():
                self.delay(*args, **kwargs)

        transaction.on_commit(send)

    def hint(self, *args: Any, countdown: float) -> None:
        """Have a worker look again in so many seconds; no worker waits for it, and losing it does no harm."""
        with self._told_later():
            self.apply_async(args, countdown=countdown)

    @contextlib.contextmanager
    def _told_later(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            reason = redact(str(error))
            logger.warning("no worker could be told of %s: %s; a sweep will", self.name, reason)

    def on_failure(
        self,
        exc: Exception,
        task_id: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        einfo: Any,
    ) -> None:
        if not isinstance(exc, UserError):
            logger.error("task %s (%s) failed: %s", self.name, task_id, redact(str(einfo)))
        super().on_failure(exc, task_id, args, kwargs, einfo)
