"""CODEOWNERS: whose word a change of a file needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flagstone.policies.manifests.snapshot import Snapshot

_PLACES = ("CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_MOST_LINES, _MOST_WILDCARDS = 20_000, 8


@dataclass(frozen=True, slots=True)
class CodeOwners:
    """A CODEOWNERS file; the last line that fits a path decides."""

    path: str
    rules: tuple[tuple[re.Pattern[str], bool], ...]

    def covers(self, path: str) -> bool:
        """Whether a path, from the root of the repository, has an owner."""
        return next((owned for fits, owned in reversed(self.rules) if fits.match(path)), False)


def read_codeowners(snapshot: Snapshot, folder: str) -> CodeOwners | None:
    """The CODEOWNERS of the repository whose root is `folder`."""
    for place in _PLACES:
        path = f"{folder}/{place}" if folder else place
        if text := snapshot.read_text(path):
            return CodeOwners(path, tuple(_rules(text)))
    return None


def _rules(text: str) -> Iterator[tuple[re.Pattern[str], bool]]:
    section_owned = False
    for line in text.splitlines()[:_MOST_LINES]:
        words = re.split(r"(?<!\\)\s+", line.partition(" #")[0].strip())
        if not words[0] or words[0].startswith("#"):
            continue
        if section := re.match(r"\^?\[[^\]]*\](?:\[\d+\])?(.*)", line.strip()):
            section_owned = bool(section[1].strip())
        elif words[0].count("*") <= _MOST_WILDCARDS:
            yield _pattern(words[0]), len(words) > 1 or section_owned


def _pattern(glob: str) -> re.Pattern[str]:
    body = glob.strip("/").replace("\\ ", " ")
    anchored = "/" in glob.rstrip("/")
    written = re.escape(body)
    written = re.sub(r"(?:\\\*){2,}/", "(?:[^/]+/)*", written)
    written = re.sub(r"(?:\\\*){2,}", ".*", written)
    written = written.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    end = "/" if glob.endswith("/") else "$" if body.endswith("/*") else "(?:/|$)"
    return re.compile(("" if anchored else "(?:.*/)?") + written + end)
