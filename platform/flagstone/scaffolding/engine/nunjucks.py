"""Nunjucks as Jinja: both descend from one language, and Backstage's templates are written in the former.

What differs is rewritten inside the tags, never in the text around them, and never in a text in quotes; what only a
parsed text shows is turned there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import nodes

_QUOTED = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
_WORDS = {
    "===": "==",
    "!==": "!=",
    "&&": " and ",
    "||": " or ",
    "null": "none",
    "undefined": "none",
    "elseif": "elif",
    "endverbatim": "endraw",
    "verbatim": "raw",
}
_INSIDE = re.compile(
    rf"(?P<quoted>{_QUOTED})|(?P<word>===|!==|&&|\|\||(?<![\w.])(?:null|undefined|elseif|endverbatim|verbatim)\b)"
)
PAIRS = "pairs"
_RAW = re.compile(r"\{%-?\s*(raw|verbatim)\s*-?%\}")


def as_jinja(source: str, tags: tuple[tuple[str, str], ...], *, blank: str = "") -> str:
    """Return a Nunjucks template in Jinja's words; lines stay where they are.

    Args:
        source: The template.
        tags: Opening and closing marks of what is code.
        blank: A character that is a blank in code.
    """
    return "".join(_pieces(source, tags, blank))


def turn_tree(tree: nodes.Template) -> None:
    """Give a parsed template Nunjucks' meaning: `{ key: … }` needs no quotes, `for key, value in` takes a mapping."""
    for pair in list(tree.find_all(nodes.Pair)):
        if isinstance(pair.key, nodes.Name):
            pair.key = nodes.Const(pair.key.name, lineno=pair.key.lineno)
    for loop in list(tree.find_all(nodes.For)):
        if isinstance(loop.target, nodes.Tuple):
            loop.iter = nodes.Filter(loop.iter, PAIRS, [], [], None, None, lineno=loop.lineno)


def pairs(value: Any) -> Any:
    return list(value.items()) if isinstance(value, Mapping) else value or ()


def _pieces(source: str, tags: tuple[tuple[str, str], ...], blank: str) -> Iterator[str]:
    place = 0
    while place < len(source):
        begun = [
            (at, opens, closes) for opens, closes in tags if (at := source.find(opens, place)) >= 0
        ]
        if not begun:
            break
        start, opens, closes = min(begun, key=lambda tag: (tag[0], -len(tag[1])))
        yield source[place:start]
        end = _end(source, start + len(opens), closes)
        code = _rewritten(source[start + len(opens) : end])
        yield opens + (code.replace(blank, " ") if blank else code)
        place = end
        if raw := _RAW.fullmatch(source[start : end + len(closes)]):
            close = re.compile(rf"\{{%-?\s*end{raw[1]}\s*-?%\}}").search(source, end)
            place = close.start() if close else len(source)
            yield source[end:place]
    yield source[place:]


def _end(source: str, place: int, closes: str) -> int:
    """Return where a tag ends; a closing mark within quotes is none."""
    for match in re.compile(rf"{_QUOTED}|{re.escape(closes)}").finditer(source, place):
        if match[0] == closes:
            return match.start()
    return len(source)


def _rewritten(code: str) -> str:
    return _INSIDE.sub(
        lambda match: match["quoted"] if match["quoted"] is not None else _WORDS[match["word"]],
        code,
    )
