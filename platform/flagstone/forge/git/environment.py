"""The environment that every git process gets; what the parent has is not inherited."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

NOWHERE = os.devnull

# git takes larger files for binary; Flagstone itself writes none of this size
BIG_FILE = "16m"

_SAFE_CONFIG: Mapping[str, str] = {
    # a repository's hooks, file watchers and attribute files are somebody else's code or wishes
    "core.hooksPath": NOWHERE,
    "core.fsmonitor": "false",
    "core.attributesFile": NOWHERE,
    "core.excludesFile": NOWHERE,
    "core.bigFileThreshold": BIG_FILE,
    "core.quotePath": "false",
    # a throw-away clone is never tidied, and a background process would outlive the time limit
    "gc.auto": "0",
    "maintenance.auto": "false",
    "transfer.fsckObjects": "true",
    "fetch.recurseSubmodules": "false",
    "http.followRedirects": "false",
    # few changed files stay loose otherwise by one more process
    "fastimport.unpackLimit": "1",
    # a push without differences needs no old contents, which it would fetch first
    "pack.window": "0",
}

# with a server of strangers there is less patience, and less is taken in at once
OF_STRANGERS: Mapping[str, str] = {
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "15",
    # one pack is one file, which a limit on files holds; threads of their own would cost address space
    "transfer.unpackLimit": "1",
    "pack.threads": "1",
}


def clean_environment(
    home: Path, *, protocols: tuple[str, ...] = ("file",), config: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Build the whole environment of a git process.

    Args:
        home: Folder that git takes for the user's home; it should be empty.
        protocols: Transports that git may use; everything else, `ext::` included, is refused.
        config: More configuration, such as a credential's header. It goes through the
            environment, so it shows neither in the process list nor in a file.
    """
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": NOWHERE,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": ":".join(protocols),
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        # a path is a person's input: `:(glob)` in it is a name, not a command
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_PAGER": "cat",
    }
    settings = {**_SAFE_CONFIG, **(config or {})}
    environment["GIT_CONFIG_COUNT"] = str(len(settings))
    for number, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment
