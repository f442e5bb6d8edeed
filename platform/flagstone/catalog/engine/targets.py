"""Where a Location points to, and where a relative path leads: never out of what may be read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from flagstone.catalog.engine.placeholders import Unresolved

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")
# what Backstage has called "the same place as this file", now and before
_KNOWN_TYPES = frozenset({"", "file", "url", "github", "gitlab", "bitbucket", "azure/api"})


class Refused(Unresolved):
    """Why a target is not followed."""


def targets_of(spec: Mapping[str, Any]) -> list[str]:
    """List what a Location entity points to, `target` first, in the order written."""
    single, several = spec.get("target"), spec.get("targets")
    found = [single] if isinstance(single, str) else []
    if isinstance(several, list):
        found += [target for target in several if isinstance(target, str)]
    return list(dict.fromkeys(found))


def is_known_type(spec: Mapping[str, Any]) -> bool:
    """Tell whether a Location is of a type that is read here; other products have many more."""
    return spec.get("type", "") in _KNOWN_TYPES


def is_url(place: str) -> bool:
    return _URL.match(place) is not None


def lead(base: str, target: str, allowed_hosts: Collection[str] = ()) -> str:
    """Return the place that a target written in the file `base` means.

    Args:
        base: path of the file inside the repository (or folder) that is read, or its URL.
        target: as written: relative to that file, from the root (`/x`), or a URL.
        allowed_hosts: hosts that a URL may name.

    Raises:
        Refused: if it leads out of the repository, or to a host that is not allowed.
    """
    if is_url(target) or is_url(base):
        return _lead_to_url(urljoin(base, target) if is_url(base) else target, allowed_hosts)
    if "\0" in target or "\\" in target or "\n" in target:
        raise Refused("a path may hold no backslash, line break or NUL.")
    steps = [] if target.startswith("/") else base.split("/")[:-1]
    for step in target.split("/"):
        if step == "..":
            if not steps:
                raise Refused("it leads out of the repository.")
            steps.pop()
        elif step not in ("", "."):
            steps.append(step)
    if not steps:
        raise Refused("it names no file.")
    return "/".join(steps)


def _lead_to_url(url: str, allowed_hosts: Collection[str]) -> str:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise Refused("it is not a valid address.") from error
    if parts.scheme.lower() != "https":
        raise Refused("only https addresses are read.")
    if parts.username or parts.password:
        raise Refused("an address may hold no name or password.")
    named = f"{host}:{port}" if port not in (None, 443) else host
    if named not in {allowed.lower() for allowed in allowed_hosts}:
        raise Refused(
            f"the host {named or '(none)'} is not allowed; the platform team may allow it."
        )
    return url


def is_pattern(path: str) -> bool:
    """Tell whether a path is a pattern: `*` is any part of a name, `**` any number of folders."""
    return "*" in path or "?" in path


def fixed_folder(pattern: str) -> str:
    """The folder that everything a pattern can match lies in, "" for the root."""
    steps: list[str] = []
    for step in pattern.split("/")[:-1]:
        if is_pattern(step):
            break
        steps.append(step)
    return "/".join(steps)


def matching(pattern: str, paths: Iterable[str]) -> list[str]:
    """List the paths that a pattern matches, sorted."""
    steps = []
    for step in pattern.split("/"):
        if step == "**":
            steps.append(r"(?:[^/]+/)*")
        else:
            words = re.escape(step).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
            steps.append(words + "/")
    expression = re.compile("".join(steps).removesuffix("/"))
    return sorted(path for path in paths if expression.fullmatch(path))
