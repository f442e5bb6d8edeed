"""What repositories are called at Pagure, and what their names are in its addresses.

A repository is `name` or `namespace/name`; a fork is `fork/user/name` or `fork/user/namespace/name`.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from flagstone.forge.errors import InvalidName

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}")
_FORK = "fork"
# the API answers with something else there
_RESERVED = frozenset(
    {
        "api", "fork", "forks", "group", "groups", "new", "projects", "pull-requests", "task", "user",
        "users", "version",
    }
)  # fmt: skip


def check_full_name(full_name: str) -> None:
    """Refuse a name that the code host would refuse, or take for another question.

    Raises:
        InvalidName: With what is allowed.
    """
    parts = full_name.split("/")
    if is_fork(full_name):
        parts = parts[2:] if _PART.fullmatch(parts[1]) else []
    is_fit = len(parts) in (1, 2) and all(_PART.fullmatch(part) for part in parts)
    if not is_fit or parts[0] in _RESERVED or full_name.lower().endswith(".git"):
        raise InvalidName(
            f"A repository cannot be called {full_name!r}. Write it as name or namespace/name, each of "
            "up to 100 letters, digits, underscores, dots, dashes and plus signs, beginning with a "
            "letter, a digit or an underscore, and not with .git at its end.",
            name=full_name,
        )


def may_own(owner: str) -> bool:
    """Tell whether somebody can be called that; other words are a filter there, such as `!` for everybody else."""
    return _PART.fullmatch(owner) is not None


def is_fork(full_name: str) -> bool:
    return full_name.startswith(f"{_FORK}/") and full_name.count("/") in (2, 3)


def path_of(repository: str, *parts: str | int) -> str:
    """Return the path of something in a repository below the API's address."""
    return "/".join([f"/{quote(repository)}", *(quote(str(part)) for part in parts)])


def git_name(repository: str) -> str:
    """Return the name by which git finds a repository: forks lie in a folder of another name."""
    return f"forks/{repository.removeprefix('fork/')}" if is_fork(repository) else repository
