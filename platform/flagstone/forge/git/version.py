"""Refuses a git that is too old: it would take no notice of the settings that keep us safe, without a word."""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Mapping

from flagstone.forge.errors import GitMissing, TimedOut

# 2.31 reads settings and credentials from the environment; 2.38 merges without a work tree
NEEDED = (2, 38)
_VERSION = re.compile(r"git version (\d+)\.(\d+)")
_TIME_LIMIT = 10.0
_LONGEST_NAME = 100


def check_version(environment: Mapping[str, str]) -> None:
    """Check the git that a command of this environment would start; it is asked once for each PATH.

    Raises:
        GitMissing: It is too old, or no git.
        TimedOut: It does not even tell its version in time.
        FileNotFoundError: There is none.
    """
    said = _said(environment.get("PATH", ""))
    found = _VERSION.match(said)
    if found is None or (int(found[1]), int(found[2])) < NEEDED:
        raise GitMissing(
            f"The git program is too old, or is none: it calls itself {said!r}. "
            f"Install git {NEEDED[0]}.{NEEDED[1]} or newer here and on every worker."
        )


@functools.cache
def _said(path: str) -> str:
    try:
        done = subprocess.run(
            ["git", "--version"],
            env={"PATH": path},
            capture_output=True,
            timeout=_TIME_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOut(f"git did not tell its version within {_TIME_LIMIT:g} seconds.") from error
    return done.stdout.decode("utf-8", "replace").strip()[:_LONGEST_NAME]
