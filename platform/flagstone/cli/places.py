"""Where in a repository something lies, told without git."""

from __future__ import annotations

from pathlib import Path


def folder_in_repository(path: Path) -> str:
    """The folder, or that of a file, from the root of its clone; "" at the root and outside of clones."""
    root = path.resolve()
    folder = root if root.is_dir() else root.parent
    for outer in (folder, *folder.parents):
        if (outer / ".git").exists():
            inside = folder.relative_to(outer).as_posix()
            return "" if inside == "." else inside
    return ""
