"""What to do with a field that the schema does not know in its place: a wrong home is worse than none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flagstone.policies.schemas.definitions import Definition
from flagstone.policies.schemas.homes import Home, Homes, Stray
from flagstone.policies.schemas.likeness import guess, longer, misspelt

_SHOWN = 12
_MOST = 3
_SPELT_OUT = "AEFHILMNORSX"  # letters whose names begin with a vowel: an HPA, an SLO


class Adviser:
    """Knows the fields of some definitions: the nearest that fits a misplaced field is advised."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self._homes = Homes(definitions)

    def advice(self, stray: Stray) -> str:
        """What is likely to be meant; several that are equally likely are all named."""
        if near := misspelt(stray.name, stray.siblings):
            return _named(near)
        own = self._homes.in_object(stray)
        found = own or self._homes.in_group(stray)
        similar = longer(stray.name, stray.fitting)
        if 0 < len(similar) <= _MOST:
            if found is None or (found is own and not found.is_there):
                return _similar(stray.name, similar)
            return f"{either(similar)} may be meant, or {stray.name} in {_where(found)}"
        if found:
            return f"it {'belongs' if _is_certain(found) else 'may belong'} to {_where(found)}"
        if far := self._homes.elsewhere(stray):
            return f"it may belong to {_where(far)}"
        return _listed(stray)


def _is_certain(home: Home) -> bool:
    return len(home.places) == 1


def _named(fields: list[str]) -> str:
    if len(fields) == 1:
        return f"the field is called {fields[0]}"
    return f"{either(fields[:_MOST])} may be meant"


def _similar(name: str, fields: list[str]) -> str:
    if len(fields) > 1:
        return f"{either(fields)} may be meant"
    is_whole = fields[0].startswith(name)
    return f"the field is called {fields[0]}" if is_whole else f"did you mean {fields[0]}?"


def _where(home: Home) -> str:
    return f"{either(home.places)} of {either([with_article(kind) for kind in home.kinds])}"


def _listed(stray: Stray) -> str:
    siblings = sorted(stray.siblings)
    if like := guess(stray.name, siblings):
        return f"did you mean {like}?"
    if not siblings:
        return "no field may stand here"
    if len(siblings) == 1:
        return f"the only field here is {siblings[0]}"
    more = ", …" if len(siblings) > _SHOWN else ""
    return f"the fields here are {', '.join(siblings[:_SHOWN])}{more}"


def either(items: Sequence[str]) -> str:
    """`a, b or c`."""
    return " or ".join(part for part in (", ".join(items[:-1]), items[-1]) if part)


def with_article(name: str) -> str:
    """`a Rollout`, `an AnalysisRun`, `an HTTPRoute`."""
    is_spelt_out = name[:2].isupper()
    letters = _SPELT_OUT if is_spelt_out else "AEIOU"
    return f"an {name}" if name[:1].upper() in letters else f"a {name}"
