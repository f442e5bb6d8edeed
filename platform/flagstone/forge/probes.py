"""How the pull requests are known that the doctor opens to see whether it may: nobody's work, so nobody's habit."""

from __future__ import annotations

import re
import secrets

from flagstone.forge.hosts.base import PullRequest, PullRequestState

PROBE_TITLE = "Flagstone tries whether it may open pull requests"
_BRANCH = re.compile(r"flagstone/doctor-[0-9a-f]{8}")


def new_probe_branch() -> str:
    """Return a name that no other probe has."""
    return f"flagstone/doctor-{secrets.token_hex(4)}"


def is_probe_branch(name: str) -> bool:
    """Tell whether a branch is called as those of the doctor are."""
    return _BRANCH.fullmatch(name) is not None


def is_probe(pull: PullRequest) -> bool:
    """Tell whether a pull request is one of the doctor's.

    One that was merged changed the repository: whatever it is called, it is not let go unrecorded.

    Args:
        pull: As its code host describes it.
    """
    return (
        is_probe_branch(pull.source)
        and pull.title == PROBE_TITLE
        and pull.state is not PullRequestState.MERGED
    )
