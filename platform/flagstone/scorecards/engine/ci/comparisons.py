"""What a program compares with which number, and whether it can end as a failure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_COMPARED = re.compile(
    r"(?:(?P<left>[\w.\"'${}()]{1,60})\s{0,5})?"
    r"(?P<sign>(?<![\w-])-(?:ge|gt|le|lt)(?!\w)|>=|<=|(?<![-=<>&\d])>(?![>&=(])|(?<!<)<(?![<=(]))"
    r"\s{0,5}[\"']?\$?\{?(?P<limit>\w{1,60})(?::-(?P<default>\d+))?"
)
_LIMIT_NAME = re.compile(r"\w*(?:MAX|LIMIT|SLA|HOURS|DAYS)\w*", re.IGNORECASE)
_STOPS = re.compile(
    r"""\bexit\s{0,5}\(?\s{0,5}["']?(?:[1-9]|\$|\(|[a-z_]\w*[ \t]*[)}]?$)|\bsys\.exit\("""
    r"|\bSystemExit\b|\bprocess\.exit(?:Code\s{0,5}=\s{0,5}[1-9]|\((?!\s{0,5}0))|\bsetFailed\("
    r"|\bthrow\b|\braise\b|\babort\b|(?<![\w.])fail[ \t]*\(|\|\|[ \t]*false\b"
    r"|(?:^|;|&&|then)[ \t]*false\b|\breturn[ \t]+1\b",
    re.MULTILINE,
)
_TEST_ALONE = re.compile(r"^[ \t]*(?:\[\[?\s|test\s|\(\()[^\n&|]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison with a limit.

    Attributes:
        left: what is compared, as it is written; "" if that could not be told.
        reached_from: the smallest number on the far side of the limit; None if it is written elsewhere.
    """

    left: str
    reached_from: int | None


def comparisons(text: str, env: Mapping[str, str]) -> Iterator[Comparison]:
    for match in _COMPARED.finditer(text):
        sign, name = match["sign"], match["limit"]
        number = _number(match["default"] or name, text, env)
        if number is None and not sign.startswith("-") and not _LIMIT_NAME.fullmatch(name):
            continue  # `>` of a redirection
        over = sign in {"-gt", "-le", ">", "<="}
        yield Comparison(match["left"] or "", None if number is None else number + over)


def _number(name: str, text: str, env: Mapping[str, str]) -> int | None:
    if not name.isdecimal():
        given = re.search(
            rf"\b{re.escape(name)}\s{{0,5}}[:=]\s{{0,5}}[\"']?(?:\$\{{\w{{1,60}}:?-)?(\d{{1,9}})\b",
            text,
        )
        name = given[1] if given else env.get(name, "")
    return int(name) if name.isdecimal() and len(name) < 10 else None


def can_fail(program: str) -> bool:
    """Whether a program has an end that is no success, or a bare test under `set -e`."""
    return bool(_STOPS.search(program) or _TEST_ALONE.search(program))


def says_failure(program: str) -> bool:
    """Whether a program ends as a failure in so many words."""
    return bool(_STOPS.search(program))
