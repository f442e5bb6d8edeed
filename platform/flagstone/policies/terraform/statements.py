"""A Terraform file cut into its top-level statements, in time that grows with its length alone.

The parser takes a second for every few ten kilobytes, so it is given only the statements that a check
asks for; a statement that is broken spoils no other, and each knows the line it starts on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_DEPTH = 50
_CODE = re.compile(r"[^\"{}()\[\]\n#/<]+")
_COMMENT = re.compile(r"#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_HEREDOC = re.compile(r"<<-?(?P<mark>[a-zA-Z][a-zA-Z0-9._-]*)\r?\n")
_STRING = re.compile(r"[^\"\\$%\n]+|\\.|\$\$\{|%%\{|[$%](?!\{)")
_TEMPLATE = re.compile(r"[$%]+\{")
_START = re.compile(r"[A-Za-z_][\w-]*|\"[^\"\n]*\"")
_BLOCK = re.compile(
    r"(?P<kind>[\w-]+)(?P<labels>(?:[ \t]+(?:\"[^\"\n]*\"|[\w-]+)|\"[^\"\n]*\")*)\s*\{"
)
_ATTRIBUTE = re.compile(r"(?P<name>[\w-]+|\"[^\"\n]*\")[ \t]*=(?!=)")
_LABEL = re.compile(r"\"([^\"\n]*)\"|([\w-]+)")
_CLOSING = {"{": "}", "(": ")", "[": "]", "${": "}"}


class BrokenStatement(Exception):
    """The text stops making sense at `line` (from 1)."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class Statement:
    """A block (`kind` and `labels`) or an attribute (`kind` is "=", its name the one label).

    Attributes:
        text: all of it, as it is written.
        line: the line it starts on, from 1.
    """

    kind: str
    labels: tuple[str, ...]
    text: str
    line: int


def split_statements(text: str) -> Iterator[Statement]:
    """Yield the statements of a file, in order.

    Raises:
        BrokenStatement: from here on the file cannot be read.
    """
    place, line = 0, 1
    while place < len(text):
        gap = _skip_gap(text, place)
        line += text.count("\n", place, gap)
        place = gap
        if place == len(text):
            return
        end = _statement_end(text, place, line)
        written = text[place:end]
        yield _statement(written, line)
        line += written.count("\n")
        place = end


def _skip_gap(text: str, place: int) -> int:
    while place < len(text):
        if text[place].isspace() or text[place] == "\ufeff":
            place += 1
        elif comment := _COMMENT.match(text, place):
            place = comment.end()
        else:
            break
    return place


def _statement(written: str, line: int) -> Statement:
    if block := _BLOCK.match(written):
        labels = tuple(quoted or bare for quoted, bare in _LABEL.findall(block["labels"]))
        return Statement(block["kind"], labels, written, line)
    if attribute := _ATTRIBUTE.match(written):
        return Statement("=", (attribute["name"].strip('"'),), written, line)
    start = written.partition("\n")[0][:40].strip()
    raise BrokenStatement(f"neither a block nor an attribute starts with {start!r}", line)


def _statement_end(text: str, place: int, line: int) -> int:
    """Where the statement ends: behind the bracket that closes it, or at the end of its line."""
    if not _START.match(text, place):
        raise BrokenStatement(f"a statement cannot start with {text[place]!r}", line)
    if block := _BLOCK.match(text, place):
        ends = _walk(text, block.end() - 1, line)
        return next(at for at, open_brackets in ends if open_brackets == 0)
    for at, open_brackets in _walk(text, place, line):
        if open_brackets == 0 and text[at - 1] == "\n":
            return at
    return len(text)


def _walk(text: str, place: int, line: int) -> Iterator[tuple[int, int]]:
    """Yield each place behind a bracket or line break of code, with the brackets open there."""
    waiting: list[str] = []
    while place < len(text):
        if waiting and waiting[-1] == '"':
            place = _in_string(text, place, waiting, line)
            continue
        if skipped := _skip_code(text, place):
            place = skipped
            continue
        sign = text[place]
        place += 1
        if sign == '"':
            _open(waiting, '"', text, place, line)
        elif sign in "{([":
            _open(waiting, _CLOSING[sign], text, place, line)
        elif sign in "})]":
            if not waiting or waiting.pop() != sign:
                raise BrokenStatement(f"{sign} closes nothing here", _line_at(text, place))
            yield place, len(waiting)
        elif sign == "\n":
            yield place, len(waiting)
    if waiting:
        raise BrokenStatement(f"it is never closed: {waiting[-1]} is missing", line)


def _skip_code(text: str, place: int) -> int:
    """Where what needs no attention ends; 0 if it needs some."""
    if found := _CODE.match(text, place) or _COMMENT.match(text, place):
        return found.end()
    heredoc = _HEREDOC.match(text, place)
    if heredoc is None:
        return 0
    closing = re.compile(rf"^[ \t]*{re.escape(heredoc['mark'])}[ \t]*\r?$", re.MULTILINE)
    end = closing.search(text, heredoc.end())
    if end is None:
        message = f"the text that starts with <<{heredoc['mark']} never ends"
        raise BrokenStatement(message, _line_at(text, place))
    return end.end()


def _in_string(text: str, place: int, waiting: list[str], line: int) -> int:
    if found := _STRING.match(text, place):
        return found.end()
    if text[place] == '"':
        waiting.pop()
        return place + 1
    if text[place] in "$%":
        _open(waiting, "}", text, place, line)
        return place + 2
    raise BrokenStatement("a quoted text never ends", _line_at(text, place))


def _open(waiting: list[str], closing: str, text: str, place: int, line: int) -> None:
    if len(waiting) >= MOST_DEPTH:
        raise BrokenStatement(f"nested more than {MOST_DEPTH} levels deep", _line_at(text, place))
    waiting.append(closing)


def _line_at(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def split_template(text: str) -> list[tuple[str, bool]]:
    """The literal parts of a template and, marked True, the expressions of its `${...}`.

    Raises:
        BrokenStatement: an expression is not closed.
    """
    parts: list[tuple[str, bool]] = []
    literal: list[str] = []
    place = 0
    while found := _TEMPLATE.search(text, place):
        literal.append(text[place : found.start()])
        sign = found[0]
        place = found.end()
        if len(sign) > 2:
            literal.append(sign[1:])
            continue
        end = next((at for at, open_brackets in _walk(text, place - 1, 1) if open_brackets == 0), 0)
        parts.append(("".join(literal), False))
        literal = []
        inner = text[place : end - 1]
        parts.append((inner if sign[0] == "$" else "%", True))
        place = end
    literal.append(text[place:])
    parts.append(("".join(literal), False))
    return [part for part in parts if part[0] or part[1]]
