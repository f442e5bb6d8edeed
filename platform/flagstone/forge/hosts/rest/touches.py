"""Which pull requests were touched, by a list of many: a moment that cannot be hides no other one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

from flagstone.forge.errors import ServerError
from flagstone.forge.hosts.base import PullRequestTouch
from flagstone.forge.hosts.rest.fields import IMPOSSIBLE_MOMENT, Fields

logger = logging.getLogger(__name__)


def readable_touches(
    listed: Iterable[Fields], touch_of: Callable[[Fields], PullRequestTouch]
) -> Iterator[PullRequestTouch]:
    """Yield the touches of a list, without those at a moment that cannot be.

    Args:
        listed: What the code host says of each pull request.
        touch_of: Reads one.

    Raises:
        ServerError: One makes no sense at all: the list is something else.
    """
    for each in listed:
        try:
            touch = touch_of(each)
        except ServerError as error:
            if error.code != IMPOSSIBLE_MOMENT:
                raise
            logger.warning("a pull request is passed over: %s", error)
        else:
            yield touch
