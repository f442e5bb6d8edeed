"""GitHub's filters of branches: whether a workflow runs for pull requests to a branch."""

from __future__ import annotations

import re

from flagstone.scorecards.engine.ci.conditions import listed

# Into which of these a repository merges is a setting of the host.
_MAIN = ("main", "master", "trunk", "develop", "dev", "development", "production", "prod", "stable")
_PIECES = re.compile(r"\*\*|\*|\?|\+|\[[^\]]*\]|[^*?+\[]+|\[")
_LONGEST, _MOST_PIECES = 200, 12  # a name of a branch is short


def misses_main(event: object) -> str:
    """Why pull requests to the main branch start nothing, by the filters of an event; "" if they do."""
    wanted, ignored = listed(event, "branches"), listed(event, "branches-ignore")
    is_default = "$default-branch" in wanted
    if wanted and not is_default and not any(_covers(wanted, name) for name in _MAIN):
        return f"`branches` names {', '.join(wanted[:3])} only"
    if ignored and any(_covers(ignored, name) for name in ("main", "master")):
        return f"`branches-ignore` names {', '.join(ignored[:3])}"
    return ""


def _covers(patterns: list[str], name: str) -> bool:
    """Whether the last pattern that fits a name is one without `!`."""
    covered = False
    for pattern in patterns:
        if _expression(pattern.removeprefix("!")[:_LONGEST]).fullmatch(name):
            covered = not pattern.startswith("!")
    return covered


def _expression(pattern: str) -> re.Pattern[str]:
    if len(_PIECES.findall(pattern)) > _MOST_PIECES:
        return re.compile(re.escape(pattern))
    signs = {"**": ".*", "*": "[^/]*", "?": "?", "+": "+"}
    pieces = [
        signs.get(piece)
        or (piece if piece.startswith("[") and len(piece) > 2 else re.escape(piece))
        for piece in _PIECES.findall(pattern)
    ]
    try:
        return re.compile("".join(pieces))
    except re.error:
        return re.compile(re.escape(pattern))
