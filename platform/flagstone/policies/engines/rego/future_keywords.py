"""Words that Rego v0 knows only where they are imported; the engine takes them for names and goes on."""

from __future__ import annotations

import re

from flagstone.policies.engines.rego.lacks import Lack, line_at
from flagstone.policies.engines.rego.statements import words

_IMPORT = re.compile(r"(?m)^[ \t]*import[ \t]+future\.keywords(?:\.(\w+))?\b")
_KEYWORDS = frozenset({"contains", "every", "if", "in"})


def keyword_that_is_not_imported(rego: str) -> Lack | None:
    """The first of them in a text of Rego v0, which OPA refuses there."""
    imported = set(_IMPORT.findall(rego))
    if "" in imported:
        return None
    known = imported | ({"in"} if "every" in imported else set())
    found = list(words(_IMPORT.sub(_blank, rego)))
    for before, word, after in zip(found, found[1:], found[2:], strict=False):
        is_name = before.text == "." or after.text in {"(", ":"}
        if word.text in _KEYWORDS - known and not is_name:
            reason = (
                f"Rego v0 has no keyword {word.text}: add `import rego.v1` below its package, "
                f"or `import future.keywords.{word.text}`"
            )
            return Lack(reason, line_at(rego, word.begin), is_of_the_engine=False)
    return None


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
