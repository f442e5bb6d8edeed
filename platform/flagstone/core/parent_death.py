"""The kernel ends a child whose parent is gone, however the parent went."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent(parent: int, by: signal.Signals) -> None:
    """Ask the kernel, in a child that was just forked, for a signal when its parent dies; only Linux does it.

    Args:
        parent: the process number of the parent, as it knew it before the fork.
        by: the signal.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(by))
    if os.getppid() != parent:  # it died between the fork and the wish
        os._exit(1)
