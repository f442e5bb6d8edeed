"""What `.gitattributes` on the target branch say of files; kept a while, since reading it may cost a fetch.

Whoever has the commit at hand, such as the worker that pushes our own change, spares the one who measures it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from django.core.cache import cache

from flagstone.forge.git.sizes import Marks
from flagstone.forge.models import Repository

# what a commit says never changes; it is only not asked for any more
_KEPT_SECONDS = 3600


def marks_at(
    repository: Repository, commit: str, paths: Iterable[str], read: Callable[[list[str]], Marks]
) -> Marks:
    """Return what a commit's `.gitattributes` mark.

    Args:
        repository: Where the commit is.
        commit: Its full id.
        paths: From the repository's root.
        read: Reads it for the paths, if nobody did before.
    """
    asked = sorted(set(paths))
    key = _key(repository, commit, asked)
    kept = cache.get(key)
    if isinstance(kept, Marks):
        return kept
    marks = read(asked)
    cache.set(key, marks, _KEPT_SECONDS)
    return marks


def _key(repository: Repository, commit: str, paths: list[str]) -> str:
    named = "\0".join(paths).encode("utf-8", "surrogateescape")
    return f"forge:marks:{repository.pk}:{commit}:{hashlib.sha256(named).hexdigest()}"
