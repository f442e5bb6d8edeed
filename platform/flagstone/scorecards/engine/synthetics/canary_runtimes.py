"""What is known of a runtime of AWS Synthetics: data with a date, since AWS adds to it every month."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_DATA = Path(__file__).with_name("canary_runtimes.yaml")
_NAME = re.compile(
    r"(?P<family>syn(?:-[a-z]+)*)-(?P<version>[0-9]{1,4}(?:\.[0-9]{1,4})+)(?:-beta)?"
)
Version = tuple[int, ...]


class Standing(StrEnum):
    DEPRECATED = "deprecated"
    NEXT_IN_LINE = "next in line"
    SUPPORTED = "supported"
    NEWER = "newer than the list"
    UNKNOWN_FAMILY = "unknown family"
    NO_RUNTIME = "no runtime"


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime version.

    Attributes:
        name: as it is written.
        family: such as `syn-nodejs-puppeteer`; "" if the name is none.
        version: its numbers.
        standing: what AWS says of it.
        since: the day from which it is deprecated.
    """

    name: str
    family: str
    version: Version
    standing: Standing
    since: date | None = None

    @property
    def preferred(self) -> str:
        """The first of its family, or of the one that took its place, that is not next in line."""
        family = _families()[self.family].get("replaced_by", self.family)
        known = _families()[family]
        return f"{family}-{known.get('prefer', known['newest'])}"

    @property
    def takes_any_function(self) -> bool:
        """Whether the handler may be called something else than `handler`."""
        return self.version >= _version(_families()[self.family]["any_function_from"])

    @property
    def libraries(self) -> tuple[tuple[Version, str], ...]:
        """The names of its library, each with the version that brought it, oldest first."""
        known = _families()[self.family].get("libraries", ())
        return tuple((_version(one["from"]), one["name"]) for one in known)


def as_of() -> date:
    """The day of the list."""
    day: date = _list()["as_of"]
    return day


def runtime(name: str, today: date) -> Runtime:
    """What is known of a runtime on a day."""
    found = _NAME.fullmatch(name)
    if found is None:
        return Runtime(name, "", (), Standing.NO_RUNTIME)
    family, version = found["family"], _version(found["version"])
    known = _families().get(family)
    if known is None:
        alike = get_close_matches(family, _families(), 1, 0.85)
        standing = Standing.NO_RUNTIME if alike else Standing.UNKNOWN_FAMILY
        return Runtime(name, "", version, standing)
    for entry in known.get("deprecated", ()):
        if version <= _version(entry["through"]) and entry["since"] <= today:
            return Runtime(name, family, version, Standing.DEPRECATED, entry["since"])
    if version <= _version(known.get("next_in_line", "0")):
        return Runtime(name, family, version, Standing.NEXT_IN_LINE)
    newer = version > _version(known["newest"])
    return Runtime(name, family, version, Standing.NEWER if newer else Standing.SUPPORTED)


def families() -> list[str]:
    return sorted(_families())


def _version(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))


def _families() -> dict[str, Any]:
    found: dict[str, Any] = _list()["families"]
    return found


@cache
def _list() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_DATA.read_text(encoding="utf-8"))
    return found
