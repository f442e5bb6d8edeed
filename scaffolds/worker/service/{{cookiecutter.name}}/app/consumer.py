"""Takes messages from a Redis stream, each by one worker at a time, and loses none.

A message that was taken stays pending until it is acknowledged. What a dead worker left, or what failed, is
taken again after a while; what failed too often is put into the stream `<stream>:dead`, with the reason.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from app.logs import message_id
from app.metrics import WorkMetrics

log = logging.getLogger(__name__)

GROUP = "workers"
ATTEMPTS = 5
PATIENCE_MS = 30_000  # longer than any message takes, or two workers have it at once
REST_SECONDS = 1.0
COUNT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A message in this worker's hand: its key, its fields, and how often it was taken."""

    key: str
    fields: Mapping[str, str]
    attempt: int


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
        self._joined = False
        self._counted = -COUNT_SECONDS

    def run(self) -> None:
        """Work until told to stop; the message in hand is finished, the others stay for the next worker."""
        while not self._stopping.is_set():
            self._beat = time.monotonic()
            try:
                if not self._may_work() or not self.work_once():
                    self._stopping.wait(REST_SECONDS)
            except RedisError as error:
                self._joined = False  # a queue that was lost and made anew has no group
                log.warning("the queue does not answer: %s", error)
                self._stopping.wait(REST_SECONDS)

    def stop(self) -> None:
        self._stopping.set()

    def hangs(self, seconds: float) -> bool:
        """Whether its loop has not come round for so long; while the queue is down it goes on asking."""
        return time.monotonic() - self._beat > seconds

    def work_once(self) -> bool:
        """Work on one message; tell whether there was any.

        One at a time: what waits in its hand behind a slow message is taken by another as left over.
        """
        self._join()
        taken = self._left_over() or self._fresh()
        if taken is not None:
            self._attempt(taken)
        self._count()
        return taken is not None

    def _join(self) -> None:
        if self._joined:
            return
        try:
            self._redis.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        self._joined = True

    def _left_over(self) -> Taken | None:
        """Claim what has been pending for too long; Redis lets one worker claim it."""
        pending = self._redis.xpending_range(
            self._stream, GROUP, min="-", max="+", count=1, idle=self._patience_ms
        )
        for entry in pending:
            key = entry["message_id"]
            for _, fields in self._redis.xclaim(self._stream, GROUP, self._name, self._patience_ms, [key]):
                return Taken(key, fields or {}, entry["times_delivered"] + 1)
        return None

    def _fresh(self) -> Taken | None:
        answer = self._redis.xreadgroup(GROUP, self._name, {self._stream: ">"}, count=1)
        for _, messages in answer or ():
            for key, fields in messages:
                return Taken(key, fields, 1)
        return None

    def _attempt(self, taken: Taken) -> None:
        token = message_id.set(taken.key)
        try:
            if taken.attempt > ATTEMPTS:  # no attempt got as far as an exception: each ended its worker
                self._put_aside(taken, "WorkerEnded: each worker that took it ended before it was done")
            else:
                self._try(taken)
        finally:
            message_id.reset(token)

    def _try(self, taken: Taken) -> None:
        begun = time.monotonic()
        try:
            self._process(taken.fields)
        except Exception as error:
            self._metrics.attempted("failed", time.monotonic() - begun)
            log.exception("attempt %d of %d failed", taken.attempt, ATTEMPTS)
            if taken.attempt == ATTEMPTS:
                self._put_aside(taken, f"{type(error).__name__}: {error}"[:500])
        else:
            self._metrics.attempted("done", time.monotonic() - begun)
            self._redis.xack(self._stream, GROUP, taken.key)

    def _put_aside(self, taken: Taken, reason: str) -> None:
        note = {"_message_id": taken.key, "_error": reason}
        with self._redis.pipeline(transaction=True) as both:
            both.xadd(f"{self._stream}:dead", {**taken.fields, **note})
            both.xack(self._stream, GROUP, taken.key)
            both.execute()
        self._metrics.died()
        log.error("put aside after %d attempts: %s", ATTEMPTS, reason)

    def _count(self) -> None:
        """Measure what waits, at most once a second: it is for a graph, and costs a question."""
        now = time.monotonic()
        if now - self._counted < COUNT_SECONDS:
            return
        self._counted = now
        groups = self._redis.xinfo_groups(self._stream)
        lag = next((group.get("lag") for group in groups if group["name"] == GROUP), None)
        # Redis before 7 cannot tell, and 0 would be a lie.
        self._metrics.waiting(math.nan if lag is None else lag)
