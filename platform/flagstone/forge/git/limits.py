"""What a git process may take that talks to a server of strangers; the kernel ends one that takes more."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass

# a shell sets them before git is there, and git hands them down: to set them from outside would come too late for
# its first child. POSIX counts a file in blocks of 512 bytes; a system without one of these limits has the others
_SCRIPT = """
ulimit -c 0 2>/dev/null
ulimit -f "$1" 2>/dev/null
ulimit -v "$2" 2>/dev/null
ulimit -t "$3" 2>/dev/null
shift 3
exec "$@"
"""
_BLOCK, _KILOBYTE = 512, 1024
_ENDED = (signal.SIGXFSZ, signal.SIGXCPU)
_SIGNS = re.compile(
    rf"died of signal (?:{'|'.join(str(int(each)) for each in _ENDED)})\b|File too large"
    r"|[Oo]ut of memory|mmap failed: Cannot allocate memory|unable to create thread"
)


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What git and each of its children may take for itself.

    Args:
        file_bytes: How large a file may be that it writes, such as a pack.
        memory_bytes: Of address space.
        cpu_seconds: Of computing.
    """

    file_bytes: int = 128 * 1024 * 1024
    memory_bytes: int = 512 * 1024 * 1024
    cpu_seconds: int = 60

    @property
    def largest_file(self) -> int:
        """Bytes of the largest file that can come to be."""
        return self.file_bytes // _BLOCK * _BLOCK

    def around(self, command: Sequence[str]) -> list[str]:
        """Return the command as one that has these limits from its first moment."""
        limits = (
            str(self.file_bytes // _BLOCK),
            str(self.memory_bytes // _KILOBYTE),
            str(self.cpu_seconds),
        )
        return ["/bin/sh", "-c", _SCRIPT, "sh", *limits, *command]


# to compare what somebody pushed, for a page or a number: a few objects can hold millions of files. git reads a large
# pack through a window of 1 GiB, which has to find its place
OF_A_COMPARISON = ProcessLimits(memory_bytes=2 * 1024 * 1024 * 1024, cpu_seconds=20)


def ended_by_limits(status: int, said: str) -> bool:
    """Tell whether it is such a limit that ended git, or that ended one of its children."""
    return -status in _ENDED or bool(_SIGNS.search(said))
