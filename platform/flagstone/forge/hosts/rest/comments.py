"""What a person says, as the comment of Flagstone's own account at a code host.

Robots there obey comments (`/approve`, `@bot merge`) by the rights of the account that wrote them, and ours
has more than the person may have. So a person's words are quoted, and call nobody.
"""

from __future__ import annotations

import re

from flagstone.forge.hosts.base import Account
from flagstone.forge.hosts.markers import mark_text

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:])")
_ZERO_WIDTH_SPACE = "\u200b"


def comment_text(by: Account, body: str, marker: str, *, longest: int) -> str:
    """Return the text of a comment.

    Args:
        by: Who says it. A bot's words are Flagstone's own, and stay as they are.
        body: Markdown.
        marker: By which the comment is found again; it stands at the end, however long the body is. Other marks
            of ours are taken out.
        longest: Characters that the code host takes.
    """
    text = body if by.is_bot else _quoted(by, mark_text(body, "", longest=longest))
    return mark_text(text, marker, longest=longest)


def _quoted(by: Account, body: str) -> str:
    name = _MARKUP.sub(r"\\\1", " ".join((by.name or by.login).split()))
    lines = "\n".join(f"> {line}".rstrip() for line in body.splitlines())
    return f"**{name}** says through Flagstone:\n\n{lines}".replace("@", f"@{_ZERO_WIDTH_SPACE}")
