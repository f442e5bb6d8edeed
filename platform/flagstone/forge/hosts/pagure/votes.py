"""Votes in comments, which Pagure counts towards the score that a merge may need.

`+1` or `-1` anywhere in a comment is the vote of who wrote it, even in `C++11`. Our account speaks for others and
for programs, and votes for nobody.
"""

from __future__ import annotations

import re

_WORD_JOINER = "\u2060"
_VOTE = re.compile(r"(?<=[+-])(?=1)|(?<=:)(?=thumbs(?:up|down):)")


def without_votes(text: str) -> str:
    """Return a text that reads the same and is no vote."""
    return _VOTE.sub(_WORD_JOINER, text)


def as_given(text: str) -> str:
    """Return a text as it was before `without_votes`."""
    return text.replace(_WORD_JOINER, "")
