"""Where the files lie that a Terraform module is made of: its folder, the modules it calls, the code it packs.

They are told from the text: every path that is written down and leads to something is taken.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from functools import cached_property

from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.terraform.reader import SUFFIXES, VALUE_SUFFIXES

_PATH = re.compile(
    r'"(?:\$\{path\.(?:module|root|cwd)\}/?)?(?P<path>(?:\.\.?/|[\w@-])[^"$\n{}]{0,300})"'
)
_MOST_FOLDERS = 200


class ModulePlaces:
    """Those of a snapshot.

    Args:
        snapshot: the files.
        folders: every folder that holds some, and those around them.
    """

    def __init__(self, snapshot: Snapshot, folders: Collection[str]) -> None:
        self._snapshot = snapshot
        self._folders = folders

    @cached_property
    def _by_folder(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self._snapshot.paths():
            if path.endswith((*SUFFIXES, *VALUE_SUFFIXES)):
                found.setdefault(path.rpartition("/")[0], []).append(path)
        return found

    def of(self, module: str) -> tuple[set[str], set[str]]:
        """Return the folders that belong to a module with all that is below, and single files."""
        trees: set[str] = set()
        files: set[str] = set()
        waiting = [module]
        while waiting and len(trees) < _MOST_FOLDERS:
            folder = waiting.pop()
            if folder in trees:
                continue
            trees.add(folder)
            for path in self._by_folder.get(folder, ()):
                files.add(path)
                for written in _PATH.finditer(self._snapshot.read_text(path) or ""):
                    target = posixpath.normpath(posixpath.join(folder, written["path"]))
                    if self._snapshot.exists(target):
                        files.add(target)
                    elif target in self._folders and not f"{folder}/".startswith(f"{target}/"):
                        waiting.append(target)
        # the root of everything is no tree of one module
        return trees - {""}, files
