"""What GitLab lets a project and the groups around it be called."""

from __future__ import annotations

import re
from urllib.parse import quote

from flagstone.forge.errors import InvalidName

_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_])?")
_DEEPEST = 21  # a group may lie in twenty others
_OWN_ENDINGS = (".git", ".atom")
# parts of GitLab's own addresses below a project's
_OWN_NAMES = frozenset(
    {
        "badges", "blame", "blob", "builds", "commits", "create", "create_dir", "edit", "files",
        "find_file", "new", "preview", "raw", "refs", "tree", "update", "wikis",
    }
)  # fmt: skip


def check_full_path(full_path: str) -> None:
    """Refuse a name that GitLab would refuse.

    Raises:
        InvalidName: With what is allowed.
    """
    parts = full_path.split("/")
    is_fit = (
        2 <= len(parts) <= _DEEPEST
        and all(_is_fit(part) for part in parts)
        and parts[-1].lower() not in _OWN_NAMES
    )
    if not is_fit:
        raise InvalidName(
            f"A project cannot be called {full_path!r}. Write it as group/name or "
            "group/subgroup/name, each of letters, digits, dots, dashes and underscores, beginning "
            "and ending with a letter, a digit or an underscore, and not with "
            f"{' or '.join(_OWN_ENDINGS)} at its end. A name of GitLab's own pages, such as `new`, is "
            "not free either.",
            name=full_path,
        )


def escaped(part: str) -> str:
    """Return a path, branch or name as one part of an address."""
    return quote(part, safe="")


def _is_fit(part: str) -> bool:
    return (
        bool(_PART.fullmatch(part)) and ".." not in part and not part.lower().endswith(_OWN_ENDINGS)
    )
