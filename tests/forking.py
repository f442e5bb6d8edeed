"""Processes of their own for tests that kill them."""

from __future__ import annotations

import os

from django.db import connections


def fork() -> int:
    """Fork, with database connections that nobody else holds: a killed child's are closed, and its locks end.

    Beside a browser's event loop Django keeps another set of connections than before it, and a forked child,
    which is in no loop, sees the older set again: open, and the parent's. So the child begins with none.
    """
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        for alias in connections:
            del connections[alias]
    return pid
