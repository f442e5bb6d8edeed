"""What a scaffold writes, as the forge takes it."""

from __future__ import annotations

from flagstone.forge.git.changes import FileContent
from flagstone.scaffolding.engine.trees import RenderedTree


def as_change(tree: RenderedTree) -> dict[str, FileContent | None]:
    """Return the files as a change takes them; none is deleted."""
    return {path: FileContent(file.content, file.executable) for path, file in tree.files.items()}
