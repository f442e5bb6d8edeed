"""Which folders hold a Terraform module that makes a canary: told from the text, before any parsing."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.terraform.reader import SUFFIXES

_CANARY = b"aws_synthetics_canary"
_HEAD = re.compile(
    rf"\"?{_CANARY.decode()}\"?\s*(?::\s*\{{\s*)?\"(?P<label>[^\"\n]+)\"\s*(?::\s*)?\{{"
)
_NAME = re.compile(r"\bname\"?\s*[=:]\s*\"(?P<name>[^\"$\n]+)\"")
_LOCAL_SOURCE = re.compile(r"\bsource\"?\s*[=:]\s*\"(?P<source>\.\.?/[^\"\n]*)\"")
_MOST_CALLS_DEEP = 8


def canary_folders(snapshot: Snapshot) -> dict[str, str]:
    """Return the folder of each module that makes a canary, or calls one that does, and a name for it.

    A module that another one here calls is judged there, with the values that it is given.
    """
    names = dict(_holders(snapshot))
    if not names:
        return {}
    callers = _callers(snapshot)
    found: dict[str, str] = {}
    for folder, name in names.items():
        for root in _roots(folder, callers):
            found.setdefault(root, name if root == folder else _last(root) or name)
    return found


def _holders(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    for path in sorted(snapshot.paths(), reverse=True):  # of one folder the first file names it
        if path.endswith(SUFFIXES) and _CANARY in _content(snapshot, path):
            folder = path.rpartition("/")[0]
            text = snapshot.read_text(path)
            if text is None:  # it speaks of a canary and is no text: that is worth saying
                yield folder, _last(folder) or "canary"
                continue
            head = _HEAD.search(text)
            if head is None:
                if folder_may_hold(text):
                    yield folder, _last(folder) or "canary"
                continue
            name = _NAME.search(text, head.end(), head.end() + 2000)
            yield folder, name["name"] if name else head["label"]


def folder_may_hold(text: str) -> bool:
    """Whether the text makes a canary rather than only names one."""
    return (
        re.search(r"resource\"?\s*(?::\s*[\[{]\s*)?[^\n]*aws_synthetics_canary", text) is not None
    )


def _content(snapshot: Snapshot, path: str) -> bytes:
    try:
        return snapshot.files[path]
    except (KeyError, OSError):
        return b""


def _callers(snapshot: Snapshot) -> dict[str, set[str]]:
    """The folders that call the module of a folder."""
    found: dict[str, set[str]] = {}
    for path in snapshot.paths():
        if path.endswith(SUFFIXES):
            folder = path.rpartition("/")[0]
            for call in _LOCAL_SOURCE.finditer(snapshot.read_text(path) or ""):
                target = posixpath.normpath(posixpath.join(folder, call["source"]))
                target = "" if target == "." else target
                if target != folder:
                    found.setdefault(target, set()).add(folder)
    return found


def _roots(folder: str, callers: dict[str, set[str]]) -> set[str]:
    """The modules at the top of the calls that lead to a folder; the folder itself if nobody calls it."""
    roots: set[str] = set()
    seen = {folder}
    level = {folder}
    for _ in range(_MOST_CALLS_DEEP):
        roots |= {one for one in level if not callers.get(one)}
        level = {caller for one in level for caller in callers.get(one, ())} - seen
        seen |= level
    return roots or {folder}


def _last(folder: str) -> str:
    return folder.rpartition("/")[2]
