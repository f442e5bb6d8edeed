"""Which libraries a script loads: JavaScript's require and import, Python's import."""

from __future__ import annotations

import re

# Comments and texts are taken in the order in which they start, so that neither hides in the other.
_SCRIPT = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<load>\b(?:require|import)\s*\(\s*|\bfrom\s*|\bimport\s*)(?P<name>\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'|`[^`$\n]{0,300}`)"
    r"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`",
    re.DOTALL,
)
_PYTHON = re.compile(r"^[ \t]*(?:from|import)[ \t]+(?P<name>[A-Za-z_]\w*)", re.MULTILINE)
SCRIPT_SUFFIXES = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".py")


def loaded_libraries(text: str, path: str) -> set[str]:
    """The names of what a script loads."""
    if path.endswith(".py"):
        return {found["name"] for found in _PYTHON.finditer(text)}
    return {found["name"][1:-1] for found in _SCRIPT.finditer(text) if found["load"]}
