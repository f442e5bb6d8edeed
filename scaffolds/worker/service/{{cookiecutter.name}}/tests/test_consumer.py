from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as QueueDown

from app.consumer import ATTEMPTS, GROUP, Consumer
from app.metrics import WorkMetrics


class Work:
    """Remembers what it was given, and fails on request."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.fails = False

    def __call__(self, message: Mapping[str, str]) -> None:
        self.seen.append(message.get("who", "nobody"))
        if self.fails:
            raise ValueError("no")


@pytest.fixture
def work() -> Work:
    return Work()


def consumer(redis: Redis, work: Any, metrics: WorkMetrics, **more: Any) -> Consumer:
    options = {"stream": "work", "name": "one", "patience_ms": 0} | more
    return Consumer(redis, process=work, metrics=metrics, **options)


def counted(metrics: WorkMetrics, outcome: str) -> float | None:
    return metrics.registry.get_sample_value("messages_processed_total", {"outcome": outcome})


def test_messages_are_processed_in_their_order_and_acknowledged(
    redis: Redis, work: Work, metrics: WorkMetrics
) -> None:
    for who in ("Ada", "Grace"):
        redis.xadd("work", {"who": who})

    worker = consumer(redis, work, metrics)
    assert [worker.work_once(), worker.work_once(), worker.work_once()] == [True, True, False]

    assert work.seen == ["Ada", "Grace"]
    assert redis.xpending("work", GROUP)["pending"] == 0
    assert (counted(metrics, "done"), counted(metrics, "failed")) == (2, 0)


def test_an_idle_worker_shows_its_series_at_zero(redis: Redis, work: Work, metrics: WorkMetrics) -> None:
    assert not consumer(redis, work, metrics).work_once()

    assert (counted(metrics, "done"), counted(metrics, "failed")) == (0, 0)


def test_what_fails_is_tried_again_and_then_done(redis: Redis, work: Work, metrics: WorkMetrics) -> None:
    redis.xadd("work", {"who": "Ada"})
    worker = consumer(redis, work, metrics)
    work.fails = True
    worker.work_once()
    work.fails = False
    worker.work_once()

    assert work.seen == ["Ada", "Ada"]
    assert redis.xpending("work", GROUP)["pending"] == 0
    assert (counted(metrics, "done"), counted(metrics, "failed")) == (1, 1)


def test_what_fails_too_often_is_put_aside_with_the_reason(
    redis: Redis, work: Work, metrics: WorkMetrics
) -> None:
    key = redis.xadd("work", {"who": "Ada"})
    worker = consumer(redis, work, metrics)
    work.fails = True
    for _ in range(ATTEMPTS + 2):
        worker.work_once()

    ((_, dead),) = redis.xrange("work:dead")
    assert dead == {"who": "Ada", "_message_id": key, "_error": "ValueError: no"}
    assert len(work.seen) == ATTEMPTS
    assert redis.xpending("work", GROUP)["pending"] == 0
    assert metrics.registry.get_sample_value("messages_dead_total") == 1


def test_what_a_dead_worker_took_is_done_by_another(redis: Redis, work: Work, metrics: WorkMetrics) -> None:
    redis.xadd("work", {"who": "Ada"})
    redis.xgroup_create("work", GROUP, id="0")
    redis.xreadgroup(GROUP, "dead", {"work": ">"})

    assert not consumer(redis, work, metrics, name="two", patience_ms=60_000).work_once()
    assert consumer(redis, work, metrics, name="two").work_once()

    assert work.seen == ["Ada"]


def test_what_ends_each_worker_is_put_aside(redis: Redis, work: Work, metrics: WorkMetrics) -> None:
    redis.xadd("work", {"who": "Ada"})
    redis.xgroup_create("work", GROUP, id="0")
    ((_, ((key, _),)),) = redis.xreadgroup(GROUP, "dead", {"work": ">"})
    for _ in range(ATTEMPTS - 1):
        redis.xclaim("work", GROUP, "dead", 0, [key])

    assert consumer(redis, work, metrics).work_once()

    assert work.seen == []
    ((_, dead),) = redis.xrange("work:dead")
    assert dead["_error"] == "WorkerEnded: each worker that took it ended before it was done"
    assert redis.xpending("work", GROUP)["pending"] == 0


def test_a_worker_takes_no_more_than_it_works_on(redis: Redis, metrics: WorkMetrics) -> None:
    for who in ("Ada", "Grace"):
        redis.xadd("work", {"who": who})
    others = Work()
    other = consumer(redis, others, metrics, name="two", patience_ms=60_000)

    consumer(redis, lambda _: other.work_once(), metrics, patience_ms=60_000).work_once()

    assert others.seen == ["Grace"]


def test_stopping_finishes_the_message_in_hand_and_leaves_the_others(
    redis: Redis, metrics: WorkMetrics
) -> None:
    for who in ("Ada", "Grace"):
        redis.xadd("work", {"who": who})
    seen: list[str] = []

    def stop_in_the_middle(message: Mapping[str, str]) -> None:
        worker.stop()
        seen.append(message["who"])

    worker = consumer(redis, stop_in_the_middle, metrics)
    worker.run()

    assert seen == ["Ada"]
    assert redis.xpending("work", GROUP)["pending"] == 0
    assert consumer(redis, seen.append, metrics).work_once()


def test_it_takes_nothing_while_it_may_not_work(redis: Redis, work: Work, metrics: WorkMetrics) -> None:
    redis.xadd("work", {"who": "Ada"})
    asked = threading.Event()

    def may_not() -> bool:
        asked.set()
        return False

    worker = consumer(redis, work, metrics, may_work=may_not)
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert asked.wait(5)
    worker.stop()
    thread.join(5)

    assert work.seen == []
    assert redis.xlen("work") == 1


def test_a_queue_that_is_down_is_no_reason_to_be_restarted(work: Work, metrics: WorkMetrics) -> None:
    class Down:
        def __getattr__(self, name: str) -> Any:
            raise QueueDown("nobody there")

    worker = consumer(Down(), work, metrics)  # type: ignore[arg-type]
    thread = threading.Thread(target=worker.run)
    thread.start()
    worker.stop()
    thread.join(5)

    assert not thread.is_alive()
    assert not worker.hangs(60)
    assert worker.hangs(-1)
