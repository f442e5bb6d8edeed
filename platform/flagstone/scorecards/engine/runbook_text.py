"""A runbook's markdown taken apart: front matter, headings with their anchors, sections."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_FRONT_MATTER = re.compile(
    r"\A---[ \t]*\r?\n(?P<yaml>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)
_HEADING = re.compile(r"^ {0,3}(?P<marks>#{1,6})[ \t]+(?P<title>.*?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(?P<marks>`{3,}|~{3,})")
_UNDERLINE = re.compile(r"^ {0,3}(?P<marks>=+|-+)[ \t]*$")
_NO_PARAGRAPH = re.compile(r"^(?:\s*$|\s*(?:[-*+>|]|\d+[.)])(?:\s|$)| {4}|\t)")
_REMARK = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_ANCHOR = re.compile(r"<[a-zA-Z]\w*\s[^<>]{0,300}?\b(?:id|name)\s*=\s*[\"']?([^\s\"'<>]+)")
_EMPHASIS = re.compile(r"(?<![\w`])_{1,2}([^\s_`](?:[^_`\n]*[^\s_`])?)_{1,2}(?![\w`])")
_LINK = re.compile(r"!?\[(?P<text>[^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the text below it, sub-sections included; `line` is the heading's, from 1."""

    title: str
    level: int
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Runbook:
    """One runbook file.

    Attributes:
        path: where it stands.
        front: the front matter; empty if there is none.
        front_problem: why the front matter cannot be read, "" if it can.
        sections: in the order of the file.
        anchors: what GitHub makes of the headings, and those that are written as HTML.
        text: the whole file, without what is commented out.
    """

    path: str
    front: dict[str, Any]
    front_problem: str
    sections: tuple[Section, ...]
    anchors: frozenset[str]
    text: str


def read_runbook(path: str, text: str) -> Runbook:
    front: dict[str, Any] = {}
    problem = ""
    found = _FRONT_MATTER.match(text)
    if found is None:
        problem = "it has no front matter (the part between two lines of ---)"
    else:
        try:
            # Dates stay text, as everywhere else that Flagstone reads YAML.
            loaded = yaml.load(found["yaml"], yaml.CBaseLoader)  # noqa: S506 makes only texts
        except (yaml.YAMLError, RecursionError):
            problem = "its front matter is no YAML"
        else:
            front = loaded if isinstance(loaded, dict) else {}
            problem = "" if front else "its front matter is empty"
    first = text.count("\n", 0, found.end()) if found else 0
    text = _without_remarks(text)
    sections = tuple(_sections(text, first))
    anchors = _anchors(sections) | frozenset(one.lower() for one in _ANCHOR.findall(text))
    return Runbook(path, front, problem, sections, anchors, text)


def _without_remarks(text: str) -> str:
    """The text without its HTML comments, each line where it was."""
    return _REMARK.sub(lambda found: "\n" * found[0].count("\n"), text)


def _anchors(sections: tuple[Section, ...]) -> frozenset[str]:
    """The anchors of the headings; a repeated title gets -1, -2 and so on."""
    seen: dict[str, int] = {}
    anchors = set[str]()
    for section in sections:
        slug = slugify(section.title)
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        anchors.add(f"{slug}-{count}" if count else slug)
    return frozenset(anchors)


def slugify(title: str) -> str:
    """The anchor GitHub makes of a heading: lower case, punctuation gone, spaces to dashes."""
    plain = _LINK.sub(lambda link: link["text"], _TAG.sub("", title))
    plain = html.unescape(_EMPHASIS.sub(r"\1", plain)).strip()
    kept = "".join(char for char in plain.lower() if _stays(char))
    return kept.replace(" ", "-")


def _stays(char: str) -> bool:
    return char.isalnum() or char in " -_" or unicodedata.category(char).startswith("M")


def _sections(text: str, first: int) -> Iterator[Section]:
    lines = text.splitlines()
    headings = list(_headings(lines, first))
    for position, (line, body, level, title) in enumerate(headings):
        end = next(
            (later for later, _, other, _ in headings[position + 1 :] if other <= level), len(lines)
        )
        yield Section(title, level, line + 1, "\n".join(lines[body:end]))


def _headings(lines: list[str], first: int) -> Iterator[tuple[int, int, int, str]]:
    """Of each heading: its line, the line behind it, its level and its title."""
    fence = ""
    for number, line in enumerate(lines[first:], first):
        marks = _FENCE.match(line)
        if fence:
            closes = marks is not None and marks["marks"].startswith(fence)
            fence = "" if closes and not line.strip(" `~\t") else fence
        elif marks:
            fence = marks["marks"]
        elif found := _HEADING.match(line):
            yield number, number + 1, len(found["marks"]), found["title"]
        elif under := _underlines(lines, number, first):
            yield number - 1, number + 1, 1 if under == "=" else 2, lines[number - 1].strip()


def _underlines(lines: list[str], number: int, first: int) -> str:
    """The sign of a line below a title; "" if it is none."""
    found = _UNDERLINE.match(lines[number])
    if found is None or number <= first:
        return ""
    title = lines[number - 1]
    if _NO_PARAGRAPH.match(title) or _HEADING.match(title) or _FENCE.match(title):
        return ""
    above = lines[number - 2] if number - 2 >= first else ""
    return found["marks"][0] if not above.strip() or _HEADING.match(above) else ""
