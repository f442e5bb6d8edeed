"""Keeps all workers together to what a code host asks of one credential; the count is in Redis, nobody sleeps.

GitHub wants writes one after the other, a second apart, at most 80 a minute and 500 an hour
(docs.github.com, "Rate limits for the REST API"). Code hosts of one's own have no such limits.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import redis
from django.conf import settings

from flagstone.forge.errors import RateLimited, TransportError
from flagstone.forge.hosts.rest.refusals import LONGEST_WAIT, is_number
from flagstone.forge.models import HostKind

logger = logging.getLogger(__name__)

# waits as long as a pause says; then, for a write, until it fits the three limits. Of those that are turned away
# each is told a place further back, so that they do not all come again at once.
_ASK = """
local function number(key) return tonumber(redis.call('GET', KEYS[1] .. key) or '0') end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local paused = number(':paused-until')
if paused > now then return paused - now end
if ARGV[1] == '0' then return 0 end
local writes, wait = KEYS[1] .. ':writes', 0
redis.call('ZREMRANGEBYSCORE', writes, '-inf', now - 3600000)
local function nth_latest(n)
  local found = redis.call('ZRANGE', writes, -n, -n, 'WITHSCORES')
  return found[2] and tonumber(found[2])
end
for _, limit in ipairs({{1, tonumber(ARGV[2])}, {tonumber(ARGV[3]), 60000}, {tonumber(ARGV[4]), 3600000}}) do
  local latest = nth_latest(limit[1])
  if latest and latest + limit[2] > now then wait = math.max(wait, latest + limit[2] - now) end
end
local waiting = KEYS[1] .. ':waiting'
if wait > 0 then
  local place = redis.call('INCR', waiting)
  redis.call('PEXPIRE', waiting, wait + 5000)
  return wait + (place - 1) * tonumber(ARGV[2])
end
if number(':waiting') > 0 then redis.call('DECR', waiting) end
redis.call('ZADD', writes, now, now .. '-' .. redis.call('INCR', KEYS[1] .. ':count'))
redis.call('PEXPIRE', writes, 3600000)
return 0
"""
_PAUSE = """
local clock = redis.call('TIME')
local until_then = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[1])
local key = KEYS[1] .. ':paused-until'
if until_then > tonumber(redis.call('GET', key) or '0') then
  redis.call('SET', key, until_then, 'PX', ARGV[1])
end
return 0
"""
# of the requests that a code host allows, what a backfill leaves to people
_RESERVE = 0.25


@dataclass(frozen=True, slots=True)
class WriteLimits:
    """How often one credential may write: seconds from one to the next, in a minute, in an hour."""

    gap: float
    per_minute: int
    per_hour: int


_LIMITS: Mapping[str, WriteLimits] = {
    HostKind.GITHUB: WriteLimits(gap=1.0, per_minute=80, per_hour=500),
    # gitlab.com takes 60 notes a minute; an own one is set by its administrators, and says 429
    HostKind.GITLAB: WriteLimits(gap=0.0, per_minute=60, per_hour=3600),
}


class SharedPace:
    """The pace of one credential, kept by everybody who uses it.

    Args:
        key: Names the code host and the credential; no secret.
        limits: Of writes; None for a code host that has none.
        is_background: For work that can wait, such as a backfill: it leaves a part of the requests to others.
    """

    def __init__(
        self, key: str, limits: WriteLimits | None, *, is_background: bool = False
    ) -> None:
        self._key = f"flagstone:pace:{{{key}}}"
        self._limits = limits
        self._is_background = is_background

    def before(self, *, is_write: bool) -> None:
        limits = self._limits or WriteLimits(0.0, 0, 0)
        counts = is_write and self._limits is not None
        try:
            if self._is_background:
                self._leave_some()
            milliseconds = _ask()(
                keys=[self._key],
                args=[
                    int(counts),
                    math.ceil(limits.gap * 1000),
                    limits.per_minute,
                    limits.per_hour,
                ],
            )
        except redis.RedisError as error:
            raise _unreachable() from error
        if milliseconds:
            wait = int(milliseconds) / 1000
            raise RateLimited(
                f"The code host's limits let the next request go in {wait:.1f} seconds.",
                retry_after=wait,
            )

    def pause(self, seconds: float) -> None:
        # the answer is here already: that nobody else hears of the pause must not change what it meant
        try:
            _pause()(keys=[self._key], args=[math.ceil(seconds * 1000)])
        except redis.RedisError as error:
            logger.warning("nobody else hears of a pause of %.0f s: %s", seconds, error)

    def heard(self, headers: Mapping[str, str]) -> None:
        """Keep what is left of the requests, for work that can wait."""
        names = ("limit", "remaining", "reset")
        found = [
            headers.get(f"x-ratelimit-{name}", headers.get(f"ratelimit-{name}")) for name in names
        ]
        if not all(value and is_number(value) for value in found):
            return
        # as floats: of thousands of digits int() makes an error
        limit, remaining, reset = (float(value) for value in found if value)
        now = time.time()
        if remaining >= limit * _RESERVE or reset <= now:
            return
        until = math.ceil(min(reset, now + LONGEST_WAIT))
        try:
            _client().set(f"{self._key}:scarce-until", until, exat=until)
        except redis.RedisError as error:
            logger.warning("nobody else hears that few requests are left: %s", error)

    def _leave_some(self) -> None:
        scarce_until = cast("bytes | None", _client().get(f"{self._key}:scarce-until"))
        if scarce_until is not None:
            wait = max(float(scarce_until) - time.time(), 1.0)
            raise RateLimited(
                "Few of the code host's requests are left for this hour; work that can wait goes on in "
                f"{wait / 60:.0f} minutes.",
                retry_after=wait,
            )


def pace_of(kind: str, key: str, *, is_background: bool) -> SharedPace:
    """Return the pace that a code host of this kind asks for."""
    return SharedPace(key, _LIMITS.get(kind), is_background=is_background)


def _unreachable() -> TransportError:
    return TransportError(
        "Redis cannot be reached, so nobody knows what the code host's limits leave; nothing was sent."
    )


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5)


@lru_cache(maxsize=1)
def _ask() -> redis.commands.core.Script:
    return _client().register_script(_ASK)


@lru_cache(maxsize=1)
def _pause() -> redis.commands.core.Script:
    return _client().register_script(_PAUSE)
