"""What a program compares with which number, and whether it can end as a failure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_COMPARED = re.compile(
    r"(?:(?P<left>[\w.\"'${}()]{1,60})\s{0,5})?"
    r"(?P<sign>(?<![\w-])-(?:ge|gt|le|lt)(?!\w)|>=|<=|(?<![-=<>&\d])>(?![>&=(])|(?<!<)<(?![<=(]))"
    r"\s{0,5}[\"']?(?:\$\{\{\s{0,5}(?P<expression>[\w.-]{1,100})(?:\s{0,5}\|\|\s{0,5}'?(?P<fallback>\d+))?"
    r"|\$?\{?(?P<limit>\w{1,60})(?::-(?P<default>\d+))?)"
)
_LIMIT_NAME = re.compile(r"\w*(?:MAX|LIMIT|SLA|HOURS|DAYS)\w*", re.IGNORECASE)
_STOPS = re.compile(
    r"""\bexit\s{0,5}\(?\s{0,5}["']?(?:[1-9]|\$|\(|!|[a-z_]\w*[ \t]*[)}]?$)|\bsys\.exit\("""
    r"|\bSystemExit\b|\bprocess\.exit(?:Code\s{0,5}=\s{0,5}[1-9]|\((?!\s{0,5}0))|\bsetFailed\("
    r"|\bthrow\b|\braise\b|\babort\b|(?<![\w.])fail[ \t]*\(|\|\|[ \t]*false\b"
    r"|(?:^|;|&&|then)[ \t]*false\b|\breturn[ \t]+1\b",
    re.MULTILINE,
)
_EXIT_OF_CALL = re.compile(
    r"\b(?:sys\.exit|SystemExit|process\.exit)\(\s*(?:await\s+)?[a-z]\w*\(\s*\)\s*\)"
)
_RETURNS = re.compile(r"\breturn[ \t]+(?!0\b|None\b)\S")
_GOES_ON = re.compile(r"^[ \t]*set[ \t]+\+\w*e", re.MULTILINE)
_TEST_ALONE = re.compile(r"^[ \t]*(?:\[\[?\s|test\s|\(\()[^\n&|]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison with a limit.

    Attributes:
        left: what is compared, as it is written; "" if that could not be told.
        reached_from: the smallest number on the far side of the limit; None if it is written elsewhere.
        is_below: it holds for numbers on the near side.
        offset: where in the text its sign stands.
    """

    left: str
    reached_from: int | None
    is_below: bool = False
    offset: int = 0


def comparisons(text: str, env: Mapping[str, str]) -> Iterator[Comparison]:
    for match in _COMPARED.finditer(text):
        sign, name = match["sign"], match["limit"] or match["expression"].rpartition(".")[2]
        number = _number(match["default"] or match["fallback"] or name, text, env)
        if (
            number is None
            and not match["expression"]
            and not sign.startswith("-")
            and not _LIMIT_NAME.fullmatch(name)
        ):
            continue  # `>` of a redirection
        over = sign in {"-gt", "-le", ">", "<="}
        is_below = sign in {"-lt", "-le", "<", "<="}
        limit = None if number is None else number + over
        yield Comparison(match["left"] or "", limit, is_below, match.start("sign"))


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
    if says_failure(program):
        return True
    if goes_on_after_failure(program):
        last = program.strip().rpartition("\n")[2]
        return bool(_TEST_ALONE.search(last))
    return bool(_TEST_ALONE.search(program))


def goes_on_after_failure(program: str) -> bool:
    """Whether a shell is told to run on when a command fails."""
    return bool(_GOES_ON.search(program))


def says_failure(program: str) -> bool:
    """Whether a program ends as a failure in so many words."""
    if not _RETURNS.search(program):
        program = _EXIT_OF_CALL.sub("", program)  # what always returns nothing, or 0, is a success
    return bool(_STOPS.search(program))
