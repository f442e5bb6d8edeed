"""What may be meant by the id of a check that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

_FAMILY = re.compile(r"[A-Z]+")
_ONE_CHARACTER_OFF = 0.75  # ids have five characters, of which a family shares three
_LONGEST = 40


def near_checks(wanted: str, known: Iterable[str]) -> str:
    """Return words about ids of the same family: the nearest one, else all; "" if there is no such family."""
    text = wanted.upper()[:_LONGEST]
    family = _family(text)
    ids = sorted(each for each in known if _family(each) == family)
    if not family or not ids:
        return ""
    close = get_close_matches(text, ids, 1, _ONE_CHARACTER_OFF)
    return f"is {close[0]} meant?" if close else f"those of {family} are {', '.join(ids)}"


def _family(check: str) -> str:
    found = _FAMILY.match(check)
    return found[0] if found else ""
