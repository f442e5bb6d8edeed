from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as QueueDown

from app.metrics import WorkMetrics

URL = os.environ.get("REDIS_URL", "redis://localhost:6379/15")


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A real one: what it promises is half of what this worker promises."""
    found = Redis.from_url(URL, decode_responses=True)
    try:
        found.delete("work", "work:dead")
    except QueueDown:
        pytest.fail("there is no Redis: docker compose up --detach redis, or set REDIS_URL", pytrace=False)
    yield found
    found.delete("work", "work:dead")
    found.close()


@pytest.fixture
def metrics() -> WorkMetrics:
    return WorkMetrics()
