"""Rewriting `import data.lib...` to full paths: the engine cannot call what was imported."""

from __future__ import annotations

import re

_IMPORT = re.compile(
    r"^[ \t]*import[ \t]+(data\.lib\.[\w.]+)(?:[ \t]+as[ \t]+(\w+))?[ \t]*(?:#.*)?$", re.MULTILINE
)
_LITERAL_OR_NAME = re.compile(
    r'"(?:\\.|[^"\\\n])*"|`[^`]*`|#[^\n]*|(?<![\w.])[A-Za-z_]\w*(?=[ \t]*[(.\[])'
)


def expand_imports(rego: str) -> str:
    """Replace each imported library name where it is called or looked into; lines stay as they are."""
    paths = {alias or path.rpartition(".")[2]: path for path, alias in _IMPORT.findall(rego)}
    if not paths:
        return rego
    body = _IMPORT.sub("", rego)
    return _LITERAL_OR_NAME.sub(lambda found: paths.get(found[0], found[0]), body)
