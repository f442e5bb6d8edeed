"""The way back, as the crumbs component shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Crumb:
    """A page above this one; without an address, this one."""

    title: str
    url: str = ""
