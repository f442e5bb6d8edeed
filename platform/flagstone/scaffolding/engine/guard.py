"""The wall around a rendering child: limits of the kernel, and an audit hook that cannot be taken off again.

With the sandbox in front of it no template should ever reach this wall; it is there for the day that one does.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_SYSTEM = ("/usr/share/zoneinfo", "/etc/localtime", "/etc/timezone", "/dev/null", "/dev/urandom")


class Refused(BaseException):
    """Something was tried that a template may not do; `except Exception` does not swallow it."""


class TooMuch(BaseException):
    """More is written than a template may write; `except Exception` does not swallow it."""


def limit_process(
    *,
    wall_seconds: int,
    cpu_seconds: int,
    memory_bytes: int,
    file_bytes: int,
    processes: int = 0,
) -> None:
    """Put the kernel's limits on this process; it cannot raise them again."""
    # a child whose worker was killed ends itself
    signal.alarm(wall_seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, 256 if processes else 64),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.umask(0o022)


@dataclass(slots=True)
class Wall:
    """Decides on every file, folder, process and socket that this process reaches for.

    Args:
        writable: The folder below which anything may be written.
        readable: Further folders below which anything may be read.
        max_files: How many files may be written.
        max_bytes: How large they may be together.
    """

    writable: Path
    readable: Sequence[Path]
    max_files: int
    max_bytes: int
    _readers: tuple[Path, ...] = field(default=(), init=False)
    _files: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)
    _last: Path | None = field(default=None, init=False)

    def build(self) -> None:
        """Put the wall up; from here on it stands until the process ends."""
        self.writable = self.writable.resolve()
        places = [*self.readable, Path(sys.prefix), Path(sys.base_prefix), Path(os.__file__).parent]
        places += [Path(entry) for entry in sys.path if entry]
        self._readers = (
            self.writable,
            *(place.resolve() for place in places),
            *map(Path, _SYSTEM),
        )
        sys.addaudithook(self._on_event)

    def _on_event(self, event: str, args: tuple[Any, ...]) -> None:
        handler = _HANDLERS.get(event)
        if handler is not None:
            handler(self, args)
        elif event.startswith(_FORBIDDEN):
            raise Refused(f"tried {event}")

    def require_readable(self, path: object) -> None:
        place = _place(path)
        if place and not any(place.is_relative_to(root) for root in self._readers):
            raise Refused(f"tried to read {place}, which is not its own")

    def require_writable(self, path: object, folder: int = -1) -> Path | None:
        place = _place(path, folder)
        if place and not place.is_relative_to(self.writable):
            raise Refused(f"tried to write {place}, outside its folder")
        return place

    def count(self, place: Path) -> None:
        """Count one more file; the one before it has its size by now."""
        if self._last and self._last.exists():
            self._bytes += self._last.stat().st_size
        self._last = place
        self._files += 1
        if self._files > self.max_files:
            raise TooMuch(f"writes more than {self.max_files} files")
        if self._bytes > self.max_bytes:
            raise TooMuch(f"writes more than {self.max_bytes // (1024 * 1024)} MB")


def _place(path: object, folder: int = -1) -> Path | None:
    """Return where a path leads in the end, links followed; None for what is open already."""
    if not isinstance(path, str | bytes | os.PathLike):
        return None
    place = Path(os.fsdecode(path))
    if folder >= 0:
        place = Path(f"/proc/self/fd/{folder}").readlink() / place
    return place.resolve()


def _on_open(wall: Wall, args: tuple[Any, ...]) -> None:
    path, mode, flags = args
    if (isinstance(mode, str) and set(mode) & set("wax+")) or (flags or 0) & _WRITING:
        if place := wall.require_writable(path):
            wall.count(place)
    else:
        wall.require_readable(path)


def _on_change(wall: Wall, args: tuple[Any, ...]) -> None:
    # (path, …, dir_fd): the folder that a relative path starts from, -1 for the current one
    wall.require_writable(args[0], args[-1])


def _on_rename(wall: Wall, args: tuple[Any, ...]) -> None:
    wall.require_writable(args[0], args[2])
    wall.require_writable(args[1], args[3])


def _on_attribute(wall: Wall, args: tuple[Any, ...]) -> None:
    wall.require_writable(args[0])


def _on_link(_wall: Wall, _args: tuple[Any, ...]) -> None:
    raise Refused("tried to make a link")


_HANDLERS: dict[str, Callable[[Wall, tuple[Any, ...]], None]] = {
    "open": _on_open,
    "os.mkdir": _on_change,
    "os.rmdir": _on_change,
    "os.remove": _on_change,
    "os.utime": _on_change,
    "os.chmod": _on_change,
    "os.rename": _on_rename,
    "os.setxattr": _on_attribute,
    "os.symlink": _on_link,
    "os.link": _on_link,
}
_FORBIDDEN = (
    "ctypes.",
    "os.chown",
    "os.exec",
    "os.fork",
    "os.kill",
    "os.posix_spawn",
    "os.putenv",
    "os.removexattr",
    "os.spawn",
    "os.system",
    "os.truncate",
    "os.unsetenv",
    "pty.spawn",
    "resource.",
    "socket.",
    "subprocess.",
    "urllib.",
)
