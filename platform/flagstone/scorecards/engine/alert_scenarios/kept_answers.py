"""What promtool printed, kept by content in this process and in the user's cache folder.

It is the same for the same files: a worker asks once for each state of a rule, the command line once for each
machine. Several processes may share the folder; each throws away now and then what is too old or too much.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import threading
import time
from collections import OrderedDict
from pathlib import Path

_MOST_HERE = 1024
_MOST_FILES = 4096
_OLDEST = 30 * 86_400  # seconds since somebody asked for it
_OLDEST_DRAFT = 3600  # seconds, after which its writer is dead
_A_DAY = 86_400
_WRITES_BETWEEN_TWO_LOOKS = 256
_OURS = re.compile(r"[0-9a-f]{64}\.(?P<kind>txt|\d+-\d+)")

_here: OrderedDict[str, str] = OrderedDict()
_lock = threading.Lock()
_writes = itertools.count()


def find(key: str) -> str | None:
    """What was kept under a key (64 hex digits); None if nothing is."""
    with _lock:
        known = _here.get(key)
    if known is not None:
        return known
    text = _read(key)
    if text is not None:
        _remember(key, text)
    return text


def keep(key: str, text: str) -> None:
    """Keep a text; where the folder cannot be written, in this process only."""
    _remember(key, text)
    try:
        place = _place(key)
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        draft.write_text(text, "utf-8")
        draft.replace(place)
        if next(_writes) % _WRITES_BETWEEN_TWO_LOOKS == 0:
            _throw_away(place.parent)
    except (OSError, RuntimeError):
        return  # a cache that cannot be written is only slower


def _remember(key: str, text: str) -> None:
    with _lock:
        _here[key] = text
        while len(_here) > _MOST_HERE:
            _here.popitem(last=False)


def _read(key: str) -> str | None:
    try:
        place = _place(key)
        text = place.read_text("utf-8")
    except (OSError, ValueError, RuntimeError):
        return None  # not there, or no home: it is run
    with contextlib.suppress(
        OSError
    ):  # so that it counts as young, also where it is shared read-only
        if time.time() - place.stat().st_mtime > _A_DAY:
            os.utime(place)
    return text


def _place(key: str) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(_home() / ".cache")
    return Path(base, "flagstone", "promtool", f"{key}.txt")


def _home() -> Path:
    """The user's home; one that is only a name, as that of a service may be, is not made.

    Raises:
        RuntimeError: there is none.
    """
    home = Path.home()
    if not home.is_dir():
        raise RuntimeError(f"there is no home {home}")
    return home


def _throw_away(folder: Path) -> None:
    """Delete the texts that are old or too many, and the drafts of dead processes; nothing of others.

    Another process may do the same at the same time: what is gone already is no error, and who has read a
    text keeps it.

    Raises:
        OSError: the folder cannot be read.
    """
    now, texts, gone = time.time(), list[tuple[float, Path]](), list[Path]()
    with os.scandir(folder) as entries:
        for entry in entries:
            ours = _OURS.fullmatch(entry.name)
            if ours is None:
                continue
            try:
                changed = entry.stat(follow_symlinks=False).st_mtime
            except OSError:
                continue  # another process deleted it
            if ours["kind"] == "txt":
                texts.append((changed, Path(entry.path)))
            elif now - changed > _OLDEST_DRAFT:
                gone.append(Path(entry.path))
    texts.sort(reverse=True)
    gone += [path for changed, path in texts[:_MOST_FILES] if now - changed > _OLDEST]
    gone += [path for _, path in texts[_MOST_FILES:]]
    for path in gone:
        with contextlib.suppress(OSError):
            path.unlink()
