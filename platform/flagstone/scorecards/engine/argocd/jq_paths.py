"""Which places of an object a jq path names, as the `jqPathExpressions` of Argo CD do.

Source: the manual of jq, as far as paths go: steps, `[]`, `?`, pipes, commas, and `select` with comparisons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]
_Found = tuple[Place, Any]

_LONGEST = 1000  # characters: what people write has a tenth of that
_MOST = 10_000
_OUTSIDE_QUOTES = r"(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)"
_COMMA, _PIPE = re.compile(f",{_OUTSIDE_QUOTES}"), re.compile(rf"\|{_OUTSIDE_QUOTES}")
_STEP = re.compile(
    r"""\.?"(?P<quoted>[^"\\]*)" | \.(?P<name>[A-Za-z_]\w*)
    | \.?\[\s*(?:"(?P<key>[^"\\]*)" | (?P<number>-?\d{1,9}))?\s*\] | (?P<tried>\?)""",
    re.VERBOSE,
)
_PATH = re.compile(rf"\.|(?=\.)(?:{_STEP.pattern.replace('?P<', '?P<_')})+", re.VERBOSE)
_SELECT = re.compile(r"select\s*\((?P<condition>[^()]*)\)")
_COMPARISON = re.compile(r'(?P<path>\.[^\s=!]*)\s*(?P<sign>==|!=)\s*"(?P<value>[^"\\]*)"')
_WORD = re.compile(r"\s+(and|or)\s+")


def places(expression: str, document: Any) -> list[Place] | None:
    """The places that a jq path names in an object, whether anything is there or not.

    Returns:
        None for an expression that is more than a path; none at all for one that jq refuses, because it does
        not begin with a dot.
    """
    text = expression.strip()
    if len(text) > _LONGEST:
        return None
    if not text or re.match(r"[A-Za-z_]\w*[.\[]", text):
        return []
    found: list[Place] = []
    for path in _COMMA.split(text):
        named: list[_Found] = [((), document)]
        for stage in _PIPE.split(path):
            after = _stage(stage.strip(), named)
            if after is None:
                return None
            named = after
        found += [place for place, _ in named]
    return found


def _stage(text: str, found: list[_Found]) -> list[_Found] | None:
    if selecting := _SELECT.fullmatch(text):
        kept = [(one, _holds(selecting["condition"], one[1])) for one in found]
        return (
            None
            if any(holds is None for _, holds in kept)
            else [one for one, holds in kept if holds]
        )
    if not _PATH.fullmatch(text):
        return None
    for step in _STEP.finditer(text):
        found = [after for one in found for after in _step(step, one)]
        if len(found) > _MOST:
            return None
    return found


def _step(step: re.Match[str], found: _Found) -> Iterator[_Found]:
    place, value = found
    key = next((step[name] for name in ("quoted", "name", "key") if step[name] is not None), None)
    if step["tried"]:
        yield found
    elif key is not None:
        if value is None or isinstance(value, dict):
            yield (*place, key), (value or {}).get(key)
    elif step["number"] is not None:
        number = int(step["number"])
        items = value if isinstance(value, list) else []
        number += len(items) if number < 0 else 0
        yield (*place, number), items[number] if 0 <= number < len(items) else None
    elif isinstance(value, list):
        yield from (((*place, i), item) for i, item in enumerate(value))
    elif isinstance(value, dict):
        yield from (((*place, str(name)), item) for name, item in value.items())


def _holds(condition: str, value: Any) -> bool | None:
    """Whether a condition of `select` holds; None for one that is more than comparisons with texts."""
    parts = _WORD.split(condition.strip())
    comparisons, words = parts[::2], set(parts[1::2])
    answers = []
    for text in comparisons:
        compared = _COMPARISON.fullmatch(text.strip())
        named = _stage(compared["path"], [((), value)]) if compared else None
        if compared is None or named is None:
            return None
        answers += [(one == compared["value"]) is (compared["sign"] == "==") for _, one in named]
    if len(words) > 1:
        return None
    return any(answers) if words == {"or"} else all(answers)
