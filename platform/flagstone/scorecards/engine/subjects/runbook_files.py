"""Where runbooks are: runbook.md beside the manifests or in docs, or one file for each service in `runbooks`."""

from __future__ import annotations

import re

from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.runbook_text import Runbook, read_runbook

_FILE = re.compile(
    r"(?P<folder>(?:[^/]+/)*?)(?:docs?/|documentation/)?"
    r"(?:runbooks?/(?P<one>[^/]+?)|(?P<whole>runbook)|runbook-(?P<behind>[^/]+?)|(?P<before>[^/]+?)-runbook)"
    r"\.(?:md|markdown)",
    re.IGNORECASE,
)
_OF_ALL = frozenset({"readme", "index", "runbook", "template", "_template"})


class Runbooks:
    """The runbooks of a snapshot, by the folder of what they are about."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._read: dict[str, list[tuple[str, Runbook]]] = {}
        self._paths: dict[str, list[tuple[str, str]]] = {}
        for path in sorted(snapshot.paths(), key=lambda path: (path.count("/"), path)):
            if found := _FILE.fullmatch(path):
                named = found["one"] or found["behind"] or found["before"] or ""
                about = "" if named.lower() in _OF_ALL else _service(named)
                self._paths.setdefault(found["folder"].rstrip("/"), []).append((about, path))

    def of(self, folder: str) -> list[tuple[str, Runbook]]:
        """Each runbook with the service that its file's name says, "" for none.

        runbook.md of the folder itself comes first.
        """
        if folder not in self._read:
            self._read[folder] = [
                (about, read_runbook(path, text))
                for about, path in self._paths.get(folder, ())
                if (text := self._snapshot.read_text(path)) is not None
            ]
        return self._read[folder]


def _service(name: str) -> str:
    """`checkout-runbook` in a folder of runbooks is about checkout as well."""
    return re.sub(r"^runbook-|-runbook$", "", name, flags=re.IGNORECASE)
