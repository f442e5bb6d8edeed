"""What files of a clone held in a commit: all of them with two commands, whatever their number."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

from flagstone.forge.git.command import Git
from flagstone.policies.manifests.limits import Limits

_AT_ONCE = 64 * 1024 * 1024  # bytes: git's answer is kept in memory
_FILES = (b"100644", b"100755")


def contents_at(git: Git, commit: str, names: Collection[str]) -> dict[str, bytes]:
    """Return the content of those that are files there, but for what is too large to be read.

    Args:
        git: in the folder of the clone.
        commit: where to look.
        names: paths from the top of the clone.

    Raises:
        ForgeError: git failed, or took too long.
    """
    if not names:
        return {}
    tree = git.run("ls-tree", "-r", "-z", "-l", "--full-tree", commit).stdout
    found: dict[str, bytes] = {}
    for share in _shares(tree, set(names)):
        asked = b"".join(identity + b"\n" for identity, _ in share)
        answer = git.run("cat-file", "--batch", stdin=asked).stdout
        position = 0
        for _, name in share:
            end = answer.index(b"\n", position)
            size = int(answer[position:end].rpartition(b" ")[2])
            found[name] = answer[end + 1 : end + 1 + size]
            position = end + size + 2
    return found


def _shares(tree: bytes, names: set[str]) -> Iterator[list[tuple[bytes, str]]]:
    """The objects to ask for, in lists whose contents fit into memory."""
    share: list[tuple[bytes, str]] = []
    room = _AT_ONCE
    for line in tree.split(b"\0"):
        head, _, path = line.partition(b"\t")
        name = os.fsdecode(path)
        if name not in names:
            continue
        mode, _, identity, size = head.split()
        if mode not in _FILES or int(size) > Limits().file_bytes:
            continue
        if int(size) > room and share:
            yield share
            share, room = [], _AT_ONCE
        share.append((identity, name))
        room -= int(size)
    if share:
        yield share
