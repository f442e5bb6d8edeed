"""A person's words in a pull request that Flagstone's own account opens: they are read, and obeyed by nobody.

GitLab obeys lines such as `/merge` in a description, and robots at other code hosts do as well, by the rights of
the account that wrote them, which has more than the person; `@name` calls somebody; `<!--` hides words.
"""

from __future__ import annotations

import re

_ZERO_WIDTH_SPACE = "\u200b"
_CALL = re.compile(r"@(?=[\w-])")
_COMMAND = re.compile(r"^(\s*(?:>\s*)*)/(?=\w)", re.MULTILINE)
_TAG = re.compile(r"<(?=[!/?a-zA-Z])(?!https?://)")


def disarmed(body: str) -> str:
    """Return Markdown that calls nobody, orders nothing and hides nothing; it reads the same."""
    body = _TAG.sub("&lt;", body)
    body = _COMMAND.sub(rf"\1{_ZERO_WIDTH_SPACE}/", body)
    return _CALL.sub(f"@{_ZERO_WIDTH_SPACE}", body)
