"""Drafts: here they are pull requests whose title begins with a word for it."""

from __future__ import annotations

import re

_WORD = "WIP:"
_MARKED = re.compile(r"\s*(?:WIP:|\[WIP\]|Draft:)\s*", re.IGNORECASE)


def is_draft_title(title: str) -> bool:
    return _MARKED.match(title) is not None


def bare_title(title: str) -> str:
    """Return a title as people read it: on one line, without the words for a draft."""
    bare = " ".join(title.split())
    while found := _MARKED.match(bare):
        bare = bare[found.end() :]
    return bare


def host_title(title: str, *, is_draft: bool) -> str:
    """Return a title as the code host is given it."""
    bare = bare_title(title)
    return f"{_WORD} {bare}" if is_draft else bare
