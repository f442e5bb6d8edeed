"""A runbook's markdown taken apart: front matter, headings with their anchors, sections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_FRONT_MATTER = re.compile(
    r"\A---[ \t]*\r?\n(?P<yaml>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)
_HEADING = re.compile(r"^ {0,3}(?P<marks>#{1,6})[ \t]+(?P<title>.*?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
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
        anchors: what GitHub makes of the headings.
    """

    path: str
    front: dict[str, Any]
    front_problem: str
    sections: tuple[Section, ...]
    anchors: frozenset[str]


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
    sections = tuple(_sections(text))
    return Runbook(path, front, problem, sections, _anchors(sections))


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
    plain = _LINK.sub(lambda link: link["text"], title)
    kept = "".join(char for char in plain.lower() if char.isalnum() or char in " -_")
    return kept.strip().replace(" ", "-")


def _sections(text: str) -> Iterator[Section]:
    lines = text.splitlines()
    headings = list(_headings(lines))
    for position, (line, level, title) in enumerate(headings):
        end = next(
            (later for later, other, _ in headings[position + 1 :] if other <= level), len(lines)
        )
        yield Section(title, level, line + 1, "\n".join(lines[line + 1 : end]))


def _headings(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    fenced = False
    for number, line in enumerate(lines):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and (found := _HEADING.match(line)):
            yield number, len(found["marks"]), found["title"]
