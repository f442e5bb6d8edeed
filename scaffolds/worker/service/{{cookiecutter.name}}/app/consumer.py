"""Takes messages from a Redis stream, each by one worker at a time, and loses none.

A message that was taken stays pending until it is acknowledged. What a dead worker left, or what failed, is
taken again after a while; what failed too often is put into the stream `<stream>:dead`, with the reason.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from app.logs import message_id
from app.metrics import WorkMetrics

log = logging.getLogger(__name__)

GROUP = "workers"
ATTEMPTS = 5
BATCH = 10
PATIENCE_MS = 30_000  # longer than any message takes, or two workers have it at once
REST_SECONDS = 1.0

Message = tuple[str, Mapping[str, str]]


class Consumer:
    """One worker of the group.

    Args:
        redis: With `decode_responses`.
        stream: Where the messages are.
        name: Its own name in the group.
        process: Does the work of one message.
        metrics: Counts it.
        may_work: Whether it may take messages at this moment.
        patience_ms: For how long a message stays with who took it.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        stream: str,
        name: str,
        process: Callable[[Mapping[str, str]], None],
        metrics: WorkMetrics,
        may_work: Callable[[], bool] = lambda: True,
        patience_ms: int = PATIENCE_MS,
    ) -> None:
        self._redis = redis
        self._stream = stream
        self._name = name
        self._process = process
        self._metrics = metrics
        self._may_work = may_work
        self._patience_ms = patience_ms
        self._stopping = threading.Event()
        self._beat = time.monotonic()

    def run(self) -> None:
        """Work until told to stop; the message in hand is finished, the others stay for the next worker."""
        while not self._stopping.is_set():
            self._beat = time.monotonic()
            try:
                if not self._may_work() or not self.work_once():
                    self._stopping.wait(REST_SECONDS)
            except RedisError as error:
                log.warning("the queue does not answer: %s", error)
                self._stopping.wait(REST_SECONDS)

    def stop(self) -> None:
        self._stopping.set()

    def hangs(self, seconds: float) -> bool:
        """Whether its loop has not come round for so long; while the queue is down it goes on asking."""
        return time.monotonic() - self._beat > seconds

    def work_once(self) -> bool:
        """Work on what is there; tell whether there was anything."""
        self._join()
        worked = False
        for attempt, (key, fields) in [*self._left_over(), *self._fresh()]:
            if self._stopping.is_set():
                break
            self._attempt(key, fields, attempt)
            worked = True
            self._beat = time.monotonic()
        self._metrics.waiting(self._lag())
        return worked

    def _join(self) -> None:
        try:
            self._redis.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def _left_over(self) -> Iterator[tuple[int, Message]]:
        """Claim what has been pending for too long; Redis lets one worker claim each."""
        pending = self._redis.xpending_range(
            self._stream, GROUP, min="-", max="+", count=BATCH, idle=self._patience_ms
        )
        tried = {entry["message_id"]: entry["times_delivered"] for entry in pending}
        if not tried:
            return
        claimed = self._redis.xclaim(self._stream, GROUP, self._name, self._patience_ms, list(tried))
        yield from ((tried[key] + 1, (key, fields or {})) for key, fields in claimed)

    def _fresh(self) -> Iterator[tuple[int, Message]]:
        answer = self._redis.xreadgroup(GROUP, self._name, {self._stream: ">"}, count=BATCH)
        for _, messages in answer or ():
            yield from ((1, message) for message in messages)

    def _attempt(self, key: str, fields: Mapping[str, str], attempt: int) -> None:
        token = message_id.set(key)
        begun = time.monotonic()
        try:
            self._process(fields)
        except Exception as error:
            self._metrics.attempted("failed", time.monotonic() - begun)
            log.exception("attempt %d of %d failed", attempt, ATTEMPTS)
            if attempt >= ATTEMPTS:
                self._put_aside(key, fields, error)
        else:
            self._metrics.attempted("done", time.monotonic() - begun)
            self._redis.xack(self._stream, GROUP, key)
        finally:
            message_id.reset(token)

    def _put_aside(self, key: str, fields: Mapping[str, str], error: Exception) -> None:
        reason = {"_message_id": key, "_error": f"{type(error).__name__}: {error}"[:500]}
        with self._redis.pipeline(transaction=True) as both:
            both.xadd(f"{self._stream}:dead", {**fields, **reason})
            both.xack(self._stream, GROUP, key)
            both.execute()
        self._metrics.died()
        log.error("put aside after %d attempts", ATTEMPTS)

    def _lag(self) -> int:
        groups = self._redis.xinfo_groups(self._stream)
        return next((int(group.get("lag") or 0) for group in groups if group["name"] == GROUP), 0)
