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
_QUOTED = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_NEGATION = re.compile(r"(?:^|\s)!\s*(?:\[|\(|test\b|$)")
_PYTHON_IF = re.compile(r"(?P<indent>[ \t]*)(?:el)?if\b(?P<condition>.*):[ \t]*")
_BRACED_IF = re.compile(r".*\bif\s*\((?P<sign>!?).*\{[ \t]*")
_BRACE = re.compile(r"[{}]")
_MOST_BRACES = 2_000
_REMEMBERS = re.compile(
    r"(?:^|[\s;])\w+\s*[-+|]?=(?!=)|>>|\$\(|::set-output|\breturn\b|\.(?:push|append|add)\("
)
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
        then, other, behind = branches.then, branches.other, branches.behind
        is_small = one.is_below is not branches.is_negated
        if _says(f"{other}\n{behind}" if is_small else then, ends):
            exact.append(one)
        elif _REMEMBERS.search(then) and _says(behind, ends):
            near.append(one)
    return Stopped(tuple(exact), tuple(near))


def _line(program: str, offset: int) -> str:
    end = program.find("\n", offset)
    return program[program.rfind("\n", 0, offset) + 1 : end if end >= 0 else None]


def _in_its_line(line: str, one: Comparison, ends: list[str]) -> bool:
    _, sign, behind = line.partition("||" if one.is_below else "&&")
    asserts = one.is_below and line.lstrip().startswith("assert ")
    return asserts or (bool(sign) and _says(behind, ends))


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


@dataclass(frozen=True, slots=True)
class _Branches:
    """What a program does if a condition holds, if not, and behind it; whether a `not` turns it round."""

    then: str
    other: str
    behind: str
    is_negated: bool


def _branches(program: str, offset: int) -> _Branches | None:
    """The branches of the `if` whose condition holds the offset; None if there is none."""
    return _by_words(program, offset) or _by_indent(program, offset) or _by_braces(program, offset)


def _by_words(program: str, offset: int) -> _Branches | None:
    """Those of a shell."""
    masked = _QUOTED.sub(lambda found: " " * len(found[0]), program)
    words = list(_WORD.finditer(masked))
    opening = [word for word in words if word.start() < offset]
    following = [word for word in words if word.start() >= offset]
    if not opening or opening[-1][0] not in {"if", "elif"} or not following:
        return None
    head = masked[opening[-1].end() : offset]
    if head.count("\n") > 1 or following[0][0] != "then":
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
            otherwise = program[split.end() : word.start()] if other else ""
            return _Branches(then, otherwise, program[word.end() :], bool(_NEGATION.search(head)))
    return None


def _by_indent(program: str, offset: int) -> _Branches | None:
    """Those of Python: the lines that stand further in."""
    line = _line(program, offset)
    head = _PYTHON_IF.fullmatch(line)
    if head is None:
        return None
    below = program[offset:].partition("\n")[2].splitlines()
    then, rest = _inside(below, len(head["indent"]))
    other = list[str]()
    if rest and re.match(rf"{head['indent']}(?:else|elif)\b", rest[0]):
        other, rest = _inside(rest[1:], len(head["indent"]))
    negated = bool(re.match(r"\s*not\b", head["condition"]))
    return _Branches("\n".join(then), "\n".join(other), "\n".join(rest), negated)


def _inside(lines: list[str], indent: int) -> tuple[list[str], list[str]]:
    for number, line in enumerate(lines):
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            return lines[:number], lines[number:]
    return lines, []


def _by_braces(program: str, offset: int) -> _Branches | None:
    """Those of JavaScript and its like."""
    head = _BRACED_IF.fullmatch(_line(program, offset))
    if head is None:
        return None
    start = program.index("{", offset)
    end = _closing(program, start)
    behind, other = program[end:], ""
    if found := re.match(r"\}\s*else\b[^{\n]{0,200}\{", behind):
        last = _closing(behind, found.end() - 1)
        other, behind = behind[found.end() : last], behind[last:]
    return _Branches(program[start:end], other, behind, "!" in head["sign"])


def _closing(program: str, start: int) -> int:
    """The offset of the brace that closes the one at `start`."""
    depth = 0
    for found in itertools.islice(_BRACE.finditer(program, start), _MOST_BRACES):
        depth += 1 if found[0] == "{" else -1
        if not depth:
            return found.start()
    return len(program)
