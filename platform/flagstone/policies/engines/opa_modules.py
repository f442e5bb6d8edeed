"""The Rego of one template as modules of a server that holds those of many: under a name of their own."""

from __future__ import annotations

import re

from flagstone.policies.engines.rego.statements import Edit, Word, edited, words
from flagstone.policies.engines.sources import Keys, RegoSource

ROOT = "flagstone"
_PACKAGE = re.compile(r"(?m)^([ \t]*package[ \t]+)([\w.]+)")


def modules_of(source: RegoSource, name: str) -> list[tuple[Keys, str]]:
    """Each text with its place in the source; lines stay as they are.

    Packages of one name would be merged with those of other templates, and `data.inventory` may be
    somebody else's: all of them move below `data.flagstone`.
    """
    main = _PACKAGE.sub(rf"\g<1>{ROOT}.{name}", source.rego, count=1)
    found: list[tuple[Keys, str]] = [(("rego",), _moved(main, name))]
    for place, lib in enumerate(source.libs):
        moved = _PACKAGE.sub(rf"\g<1>{ROOT}.{name}.\g<2>", lib, count=1)
        found.append((("libs", place), _moved(moved, name)))
    return found


def _moved(rego: str, name: str) -> str:
    found = list(words(rego))
    edits: list[Edit] = []
    for data, dot, first in zip(found, found[1:], found[2:], strict=False):
        if (data.text, dot.text) == ("data", ".") and first.text in {"lib", "inventory"}:
            edits.append(_edit(first, name))
    return edited(rego, edits)


def _edit(word: Word, name: str) -> Edit:
    path = f"{ROOT}.inventory" if word.text == "inventory" else f"{ROOT}.{name}.lib"
    return Edit(word.begin, word.end, path)
