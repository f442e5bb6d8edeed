"""Titles and bodies as GitLab takes them: where a draft is one by its title, and a line may be a command."""

from __future__ import annotations

import re
from uuid import UUID

from flagstone.forge.hosts.markers import mark_body

# GitLab takes 1,048,576, and counts bytes in some versions
LONGEST_BODY = 1_000_000
_LONGEST_TITLE = 255
_DRAFT = re.compile(r"\s*(?:\[draft\]|\(draft\)|draft:|\[wip\]|wip:)\s*", re.IGNORECASE)
_QUICK_ACTION = re.compile(r"^([^\S\n]*)(/[A-Za-z_]+)(?=\s|$)", re.MULTILINE)


def is_draft_title(title: str) -> bool:
    """Tell whether a title makes its merge request a draft, or did in older GitLabs."""
    return _DRAFT.match(title) is not None


def plain_title(title: str) -> str:
    """Return a title without what makes a draft of it, however often that stands there."""
    while found := _DRAFT.match(title):
        title = title[found.end() :]
    return title


def host_title(title: str, *, is_draft: bool) -> str:
    """Return a title as GitLab takes it: on one line, cut, and a draft or not whatever it began with."""
    text = plain_title(" ".join(title.split())) or "Change files"
    if is_draft:
        text = f"Draft: {text}"
    return text if len(text) <= _LONGEST_TITLE else text[: _LONGEST_TITLE - 1] + "…"


def without_commands(text: str) -> str:
    """Let no line of a text be a command to GitLab, such as `/merge` or `/approve`.

    GitLab obeys them by the rights of the account that wrote them, which is Flagstone's. The backslash is not shown.
    """
    return _QUICK_ACTION.sub(r"\1\\\2", text)


def longest_for(text: str) -> int:
    """Return at how many characters a text has to be cut, whether GitLab counts them or their bytes."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= LONGEST_BODY:
        return LONGEST_BODY
    return len(raw[:LONGEST_BODY].decode("utf-8", "ignore"))


def description_of(body: str, change_id: UUID | None) -> str:
    """Return a body as GitLab takes it: without commands, cut, with the mark of its change under it."""
    text = without_commands(body)
    return mark_body(text, change_id, longest=longest_for(text))
