"""What a rendering gives: files by their path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from flagstone.scaffolding.engine.names import written_path_fault
from flagstone.scaffolding.errors import UnsafeTemplate


@dataclass(frozen=True, slots=True)
class RenderedFile:
    content: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class RenderedTree:
    """Files by their POSIX path relative to the tree's root, in order."""

    files: Mapping[str, RenderedFile] = field(default_factory=dict)

    def overlaid(self, other: RenderedTree) -> RenderedTree:
        """Return this tree with another one laid over it."""
        return RenderedTree(dict(sorted((dict(self.files) | dict(other.files)).items())))

    def moved_into(self, folder: str) -> RenderedTree:
        """Return this tree with every path below a folder; '' is the root."""
        if not folder:
            return self
        return RenderedTree({f"{folder}/{path}": file for path, file in self.files.items()})

    def fault(self) -> str | None:
        """Return which path no folder can or may hold, and why; None if all can lie side by side."""
        for path in self.files:
            if fault := written_path_fault(path):
                return f"{path!r}, which {fault}"
            for folder in map(str, PurePosixPath(path).parents):
                if folder in self.files:
                    return f"{path!r}, although {folder!r} is a file"
        return None

    def write_into(self, folder: Path) -> None:
        """Write every file below a folder, which is made where it is missing.

        Raises:
            UnsafeTemplate: A path may not be written; then none is.
        """
        if fault := self.fault():
            raise UnsafeTemplate(f"would write {fault}")
        for path, file in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.content)
            target.chmod(0o755 if file.executable else 0o644)

    def contents(self) -> dict[str, bytes]:
        return {path: file.content for path, file in self.files.items()}
