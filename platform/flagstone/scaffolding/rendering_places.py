"""What is rendered while somebody waits takes a thread of the web, and never so many that a page waits for one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from flagstone.accounts.models import User
from flagstone.core.errors import Busy
from flagstone.core.locks import one_of

# fewer than one process of the web has threads: a connection waits in the process that took it
MOST_AT_ONCE = 3
# a form works its defaults out while its preview is rendered
MOST_FOR_ONE = 2


@contextlib.contextmanager
def place_to_render(user: User) -> Iterator[None]:
    """Take one of the places.

    Raises:
        Busy: The person has theirs, or all are taken.
    """
    with one_of(f"rendering-for:{user.pk}", MOST_FOR_ONE) as has_own:
        if not has_own:
            raise Busy("Another preview of yours is being rendered; try again in a moment.")
        with one_of("rendering", MOST_AT_ONCE) as is_free:
            if not is_free:
                raise Busy("Previews of others are being rendered; try again in a moment.")
            yield
