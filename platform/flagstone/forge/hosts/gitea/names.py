"""What Gitea and Forgejo let a repository and its owner be called."""

from __future__ import annotations

import re

from flagstone.forge.errors import InvalidName

_OWNER = re.compile(r"(?!.*[-._]{2})[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?")
_REPOSITORY = re.compile(r"(?!.*\.\.)[A-Za-z0-9._-]{1,100}")
_RESERVED = frozenset({".", "-"})
_OWN_ENDINGS = (".git", ".wiki", ".rss", ".atom")


def check_full_name(full_name: str) -> None:
    """Refuse a name that the code host would refuse.

    Raises:
        InvalidName: With what is allowed.
    """
    owner, _, name = full_name.partition("/")
    is_fit = (
        _OWNER.fullmatch(owner)
        and _REPOSITORY.fullmatch(name)
        and name not in _RESERVED
        and not name.lower().endswith(_OWN_ENDINGS)
    )
    if not is_fit:
        raise InvalidName(
            f"A repository cannot be called {full_name!r}. Write it as owner/name: the owner of up to "
            "40 letters, digits and single dots, dashes or underscores between them; the name of up "
            "to 100 letters, digits, dots, dashes and underscores, without two dots in a row, and "
            f"not with {', '.join(_OWN_ENDINGS)} at its end.",
            name=full_name,
        )
