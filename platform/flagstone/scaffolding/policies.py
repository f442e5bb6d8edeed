"""The cluster's policies, as they lie in scorecards/policies; loaded again when a file of theirs changes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from flagstone.policies.gatekeeper.policy_set import PolicySet

_State = frozenset[tuple[str, int, int]]


def policies() -> PolicySet:
    """Return what every scaffold's files are put to before anything is written."""
    folder = Path(settings.FLAGSTONE_SCORECARDS_DIR) / "policies"
    state = frozenset(
        (path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in folder.glob("*.y*ml")
    )
    return _load(folder, state)


@lru_cache(maxsize=2)
def _load(folder: Path, _state: _State) -> PolicySet:
    return PolicySet.load(folder) if folder.is_dir() else PolicySet.from_files({})
