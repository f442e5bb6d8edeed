"""Semantic versions: `semver("1.2.3")`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flagstone.policies.cel.errors import CelError

_NUMBER = r"0|[1-9]\d{0,17}"
_SEMVER = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Version:
    """A version; what stands after `+` counts for nothing."""

    major: int
    minor: int
    patch: int
    before: tuple[str, ...]
    type_name = "kubernetes.Semver"

    def order(self, other: Version) -> int:
        """-1, 0 or 1, as semver.org puts versions in order."""
        mine, theirs = self._key(), other._key()
        return int(mine > theirs) - int(mine < theirs)

    def _key(self) -> tuple[Any, ...]:
        parts = tuple(
            (0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.before
        )
        return self.major, self.minor, self.patch, not self.before, parts


def _version(text: Any, normalize: Any = False) -> Version | None:  # noqa: FBT002 - as Kubernetes calls it
    if not isinstance(text, str):
        return None
    found = _SEMVER.fullmatch(_normalized(text) if normalize else text)
    if found is None:
        return None
    before = tuple(found[4].split(".")) if found[4] else ()
    if any(not part or (part.isdigit() and part != "0" and part[0] == "0") for part in before):
        return None
    return Version(int(found[1]), int(found[2]), int(found[3]), before)


def _normalized(text: str) -> str:
    """Without a `v`, with three numbers, and without zeros before them."""
    core, mark, rest = re.sub("^v", "", text), "", ""
    if found := re.search(r"[-+]", core):
        core, mark, rest = core[: found.start()], found[0], core[found.end() :]
    parts = [part.lstrip("0") or "0" for part in core.split(".") if part]
    return ".".join([*parts, "0", "0"][: max(3, len(parts))]) + mark + rest


def _semver(text: Any, normalize: Any = False) -> Version:  # noqa: FBT002 - as Kubernetes calls it
    found = _version(text, normalize)
    if found is None:
        raise CelError(f"{text!r} is no semantic version")
    return found


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "semver": _semver,
    "isSemver": lambda text, normalize=False: _version(text, normalize) is not None,
    "major": lambda version: version.major,
    "minor": lambda version: version.minor,
    "patch": lambda version: version.patch,
}
