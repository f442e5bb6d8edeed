"""Which files of a repository are flagd's own, by what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flagstone.policies.manifests.plain_files import SUFFIXES
from flagstone.policies.manifests.snapshot import Snapshot

_LONGEST = 1024 * 1024
_FLAGS = re.compile(rb'(?:"flags"|^flags)[ \t]*:', re.MULTILINE)
_MARKS = re.compile(rb"flagd\.dev/schema|defaultVariant|\bvariants\b")
_NAME = re.compile(r"\.flagd\.(?:json|ya?ml)$")


def flag_files(snapshot: Snapshot) -> Iterator[str]:
    """The paths of JSON and YAML files that declare flags and are no Kubernetes objects."""
    objects = {manifest.path for manifest in snapshot.manifests}
    for path in snapshot.paths():
        if not path.endswith(SUFFIXES) or path in objects:
            continue
        try:
            data = snapshot.files[path]
        except (KeyError, OSError):
            continue
        declares = _FLAGS.search(data) and _MARKS.search(data)
        if len(data) <= _LONGEST and (declares or _NAME.search(path)):
            yield path
