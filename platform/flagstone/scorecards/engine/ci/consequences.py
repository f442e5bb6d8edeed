"""What a program does once a comparison holds: whether a big number ends it as a failure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flagstone.scorecards.engine.ci.comparisons import (
    Comparison,
    can_fail,
    goes_on_after_failure,
    says_failure,
)

_WORD = re.compile(r"(?<![\w.$/-])(?:if|elif|else|fi|then)(?![\w.-])")
_REMEMBERS = re.compile(r"(?:^|[\s;])\w+=|>>|\$\(|::set-output")
_DEFINED = re.compile(
    r"^[ \t]*(?:(?:function[ \t]+)?(\w+)[ \t]*\(\)|function[ \t]+(\w+)|def[ \t]+(\w+)\()",
    re.MULTILINE,
)
_LONGEST_BODY = 1_000
_MOST = 50  # comparisons and functions of one program


@dataclass(frozen=True, slots=True)
class Stopped:
    """The comparisons after which a program fails.

    Attributes:
        exact: the failure stands in the branch of that very comparison.
        near: a failure follows somewhere behind it.
    """

    exact: tuple[Comparison, ...]
    near: tuple[Comparison, ...]

    def __bool__(self) -> bool:
        return bool(self.exact or self.near)


def stopped(program: str, found: Iterable[Comparison]) -> Stopped:
    """Sort out the comparisons of a program by whether a failure follows from them."""
    ends = list(itertools.islice(functions_that_fail(program), _MOST))
    exact, near = list[Comparison](), list[Comparison]()
    for one in itertools.islice(found, _MOST):
        branches = _branches(program, one.offset)
        line = _line(program, one.offset)
        rest = program[program.rfind("\n", 0, one.offset) + 1 :]
        if goes_on_after_failure(program):
            rest = f"set +e\n{rest}"
        if branches is None:
            if _in_its_line(line, one, ends):
                exact.append(one)
            elif _fails(rest, ends):
                near.append(one)
            continue
        then, other, behind = branches
        wanted = f"{other}\n{behind}" if one.is_below else then
        if _says(wanted, ends):
            exact.append(one)
        elif _REMEMBERS.search(then) and _says(behind, ends):
            near.append(one)
    return Stopped(tuple(exact), tuple(near))


def _line(program: str, offset: int) -> str:
    end = program.find("\n", offset)
    return program[program.rfind("\n", 0, offset) + 1 : end if end >= 0 else None]


def _in_its_line(line: str, one: Comparison, ends: list[str]) -> bool:
    _, sign, behind = line.partition("||" if one.is_below else "&&")
    return bool(sign) and _says(behind, ends)


def _says(text: str, ends: list[str]) -> bool:
    return says_failure(text) or calls(text, ends)


def _fails(text: str, ends: list[str]) -> bool:
    return can_fail(text) or calls(text, ends)


def calls(text: str, names: list[str]) -> bool:
    """Whether a text names one of these functions."""
    return any(re.search(rf"(?<![\w.-]){name}(?![\w-])", text) for name in names)


def functions_that_fail(program: str) -> Iterator[str]:
    """The names of functions whose own text, up to the next function, says so."""
    starts = list(_DEFINED.finditer(program))
    for number, start in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(program)
        body = program[start.end() : min(end, start.end() + _LONGEST_BODY)]
        closed = re.search(r"^\}|\}[ \t]*$", body, re.MULTILINE)
        if says_failure(body[: closed.end()] if closed else body):
            yield next(filter(None, start.groups()))


def _branches(program: str, offset: int) -> tuple[str, str, str] | None:
    """Of a shell's `if` whose condition holds the offset: what is done, else done, and done behind it."""
    words = list(_WORD.finditer(program))
    opening = [word for word in words if word.start() < offset]
    if not opening or opening[-1][0] not in {"if", "elif"}:
        return None
    if program[opening[-1].end() : offset].count("\n") > 1:
        return None
    following = [word for word in words if word.start() >= offset]
    if not following or following[0][0] != "then":
        return None
    depth, other = 0, None
    for word in following[1:]:
        if word[0] == "if":
            depth += 1
        elif depth and word[0] == "fi":
            depth -= 1
        elif not depth and word[0] in {"elif", "else"} and other is None:
            other = word
        elif not depth and word[0] == "fi":
            split = other or word
            then = program[following[0].end() : split.start()]
            return then, program[split.end() : word.start()] if other else "", program[word.end() :]
    return None
