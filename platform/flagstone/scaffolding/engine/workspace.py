"""What the steps of a template act on, one after the other: files that lie nowhere but in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flagstone.scaffolding.engine.globs import matches
from flagstone.scaffolding.engine.targets import recorded_path, recorded_tree
from flagstone.scaffolding.engine.trees import RenderedFile, RenderedTree


class NothingThere(Exception):
    """A step names a file that no step before it has written."""

    def __init__(self, edit: Edit, reason: str) -> None:
        super().__init__(reason)
        self.edit = edit


@dataclass(frozen=True, slots=True)
class Write:
    path: str
    content: str

    def on(self, workspace: Workspace) -> None:
        workspace.files[self.path] = RenderedFile(self.content.encode())

    def as_json(self) -> dict[str, Any]:
        return {"write": self.path, "content": self.content}


@dataclass(frozen=True, slots=True)
class Delete:
    patterns: tuple[str, ...]

    def on(self, workspace: Workspace) -> None:
        for path in [path for path in workspace.files if matches(path, self.patterns)]:
            del workspace.files[path]

    def as_json(self) -> dict[str, Any]:
        return {"delete": list(self.patterns)}


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a file, or all files of a folder, another place."""

    source: str
    target: str
    overwrite: bool = False

    def on(self, workspace: Workspace) -> None:
        moved = {
            path: self.target + path.removeprefix(self.source)
            for path in workspace.files
            if path == self.source or path.startswith(f"{self.source}/")
        }
        if not moved:
            raise NothingThere(self, f"there is no file or folder '{self.source}' to rename")
        taken = [place for place in moved.values() if place in workspace.files]
        if taken and not self.overwrite:
            raise NothingThere(
                self, f"'{taken[0]}' is there already; 'overwrite: true' would write over it"
            )
        files = {path: workspace.files.pop(path) for path in moved}
        workspace.files.update({moved[path]: file for path, file in files.items()})

    def as_json(self) -> dict[str, Any]:
        return {"rename": self.source, "to": self.target, "overwrite": self.overwrite}


@dataclass(frozen=True, slots=True)
class Take:
    """Take a folder, as it is at this moment, for one of the trees that are published."""

    tree: str
    folder: str = ""
    into: str = ""

    def on(self, workspace: Workspace) -> None:
        workspace.trees[self.tree] = workspace.trees.get(self.tree, RenderedTree()).overlaid(
            workspace.below(self.folder).moved_into(self.into)
        )

    def as_json(self) -> dict[str, Any]:
        return {"take": self.tree, "folder": self.folder, "into": self.into}


@dataclass(frozen=True, slots=True)
class Add:
    """Put a file into one of the trees that are published, past the workspace."""

    tree: str
    path: str
    content: str

    def on(self, workspace: Workspace) -> None:
        file = RenderedFile(self.content.encode())
        workspace.trees[self.tree] = workspace.trees.get(self.tree, RenderedTree()).overlaid(
            RenderedTree({self.path: file})
        )

    def as_json(self) -> dict[str, Any]:
        return {"add": self.tree, "path": self.path, "content": self.content}


Edit = Write | Delete | Rename | Take | Add


def edit_from_json(document: Mapping[str, Any]) -> Edit:
    """Read what an edit's `as_json` wrote.

    Raises:
        KeyError, TypeError: It is something else.
        PathWrong: It leads where no step can lead.
    """
    if "write" in document:
        return Write(recorded_path(document["write"]), _text(document["content"]))
    if "delete" in document:
        return Delete(tuple(map(_text, document["delete"])))
    if "rename" in document:
        source, target = recorded_path(document["rename"]), recorded_path(document["to"])
        return Rename(source, target, bool(document["overwrite"]))
    if "add" in document:
        tree, path = recorded_tree(document["add"]), recorded_path(document["path"])
        return Add(tree, path, _text(document["content"]))
    folder, into = recorded_path(document["folder"]), recorded_path(document["into"])
    return Take(recorded_tree(document["take"]), folder, into)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


@dataclass(slots=True)
class Workspace:
    """Files by their path; `trees` are what was taken from them to be published."""

    files: dict[str, RenderedFile] = field(default_factory=dict)
    trees: dict[str, RenderedTree] = field(default_factory=dict)

    def lay(self, tree: RenderedTree, target: str, *, replace: bool = True) -> None:
        """Put a tree into a folder; without `replace` what is there stays."""
        for path, file in tree.moved_into(target).files.items():
            if replace or path not in self.files:
                self.files[path] = file

    def below(self, folder: str) -> RenderedTree:
        start = f"{folder}/" if folder else ""
        return RenderedTree(
            {
                path.removeprefix(start): file
                for path, file in sorted(self.files.items())
                if path.startswith(start)
            }
        )

    @property
    def filled_trees(self) -> dict[str, RenderedTree]:
        return {name: tree for name, tree in self.trees.items() if tree.files}

    def left_over(self, published: Collection[str]) -> list[str]:
        """Return the files that are in none of the trees that are published, as they are now."""
        taken = {
            id(file)
            for name in published
            for file in self.trees.get(name, RenderedTree()).files.values()
        }
        return sorted(path for path, file in self.files.items() if id(file) not in taken)

    def edit(self, edits: Iterable[Edit]) -> None:
        for each in edits:
            each.on(self)
