"""The scaffolds that people can choose from, read again when a file of theirs changes."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from django.conf import settings

from flagstone.core.errors import NotFound
from flagstone.scaffolding.engine.scaffold import Scaffold, load_scaffolds
from flagstone.scaffolding.registered.holding import registered_scaffolds

_lock = threading.Lock()
_held: tuple[object, list[Scaffold]] | None = None


def all_scaffolds() -> list[Scaffold]:
    """Return every scaffold, own and registered ones, broken ones with their problem, in order of title."""
    found = {scaffold.id: scaffold for scaffold in registered_scaffolds()}
    # a template that came later never takes the place of an own scaffold
    found |= {scaffold.id: scaffold for scaffold in own_scaffolds()}
    return sorted(found.values(), key=lambda scaffold: scaffold.title.lower())


def own_scaffolds() -> list[Scaffold]:
    """Return those of the scaffolds' folder, in order of title."""
    global _held  # noqa: PLW0603 - one cache for the process, replaced as a whole
    folder = Path(settings.FLAGSTONE_SCAFFOLDS_DIR)
    with _lock:
        state = (folder, frozenset(_states(folder)))
        if _held is None or _held[0] != state:
            _held = (state, load_scaffolds(folder))
        return list(_held[1])


def find_scaffold(scaffold_id: str) -> Scaffold:
    """Return a scaffold that can be used.

    Raises:
        NotFound: There is none of that name.
        TemplateError: It is broken, and where.
    """
    for scaffold in all_scaffolds():
        if scaffold.id == scaffold_id:
            if scaffold.problem:
                raise scaffold.problem
            return scaffold
    raise NotFound(
        f"There is no scaffold '{scaffold_id}'. Choose one of "
        f"{', '.join(scaffold.id for scaffold in all_scaffolds() if not scaffold.problem)}.",
        code="scaffold.not_found",
        scaffold=scaffold_id,
    )


def _states(folder: Path) -> list[tuple[str, int, int, int]]:
    """Tell of every file when it was changed, how large it is and whether it may be run."""
    found = []
    waiting = [str(folder)] if folder.is_dir() else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                found.append((entry.path, status.st_mtime_ns, status.st_size, status.st_mode))
    return found
