"""A set of files as a tree of folders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django import template

from flagstone.core.hidden_characters import on_one_line

register = template.Library()


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of a tree, and where a click leads.

    Args:
        path: Relative to the root of the tree.
        url: The page, or the place on this page, that shows it.
        status: `added`, `modified`, `deleted`, `renamed`; empty where nothing changes.
        note: A few characters after the name, such as how many lines changed.
        findings: How many things are wrong in it.
    """

    path: str
    url: str
    status: str = ""
    note: str = ""
    findings: int = 0

    @property
    def name(self) -> str:
        return on_one_line(self.path.rpartition("/")[2])


@dataclass(slots=True)
class Folder:
    """Folders that hold nothing but another folder stand on one line with it."""

    name: str
    folders: list[Folder] = field(default_factory=list)
    files: list[TreeFile] = field(default_factory=list)


@register.inclusion_tag("components/tree.html")
def tree(files: Iterable[TreeFile], current: str = "", label: str = "Files") -> dict[str, Any]:
    """Show files as a tree; `current` is the path of the one that is shown beside it."""
    return {"folder": grow(files), "current": current, "label": label}


def grow(files: Iterable[TreeFile]) -> Folder:
    """Make the tree of these files, folders first, both in order of name."""
    root = Folder("")
    for file in sorted(files, key=lambda file: file.path):
        folder = root
        for part in file.path.split("/")[:-1]:
            folder = _child(folder, on_one_line(part))
        folder.files.append(file)
    for folder in root.folders:
        _shorten(folder)
    return root


def _child(folder: Folder, name: str) -> Folder:
    if not folder.folders or folder.folders[-1].name != name:
        folder.folders.append(Folder(name))
    return folder.folders[-1]


def _shorten(folder: Folder) -> None:
    while not folder.files and len(folder.folders) == 1:
        only = folder.folders[0]
        folder.name = f"{folder.name}/{only.name}"
        folder.folders, folder.files = only.folders, only.files
    for child in folder.folders:
        _shorten(child)
