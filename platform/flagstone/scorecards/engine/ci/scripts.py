"""The scripts of a repository that a step of CI runs: what they do is part of what the step does."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from flagstone.core import json_text
from flagstone.policies.manifests.objects import mapping
from flagstone.policies.manifests.snapshot import Snapshot

_LONGEST = 100_000  # of one text: a script by hand is shorter, and patterns are tried on all of it
_MOST, _DEEPEST = 20, 3
_NAME = re.compile(r"[\w.@/-]+")
_CODE = re.compile(r"\.(?:ba|z|k)?sh$|\.(?:py|m?[jt]s|cjs|rb|pl|ps1|mk)$|/[\w-]+$|^[\w-]+$")
_MAKE = re.compile(r"\bmake((?:[ \t]+[\w./=-]+)+)")
_NPM = re.compile(r"\b(?:npm|pnpm|yarn|bun)[ \t]+(?:run[ \t]+|run-script[ \t]+)?([\w:-]+)")
_DANGER = re.compile(r"\bdanger\b")
_DANGER_FILES = ("dangerfile.js", "dangerfile.ts", "Dangerfile", "dangerfile.py")
_COMMENT = re.compile(r"^[ \t]*(?:#|//).*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """A script, or a target of a Makefile; the text has no comments and no broken lines."""

    path: str
    text: str


def plain(text: str) -> str:
    """A program without its comments, each command on one line."""
    return _COMMENT.sub("", text[:_LONGEST]).replace("\\\n", " ")


def called_scripts(snapshot: Snapshot, text: str, folders: tuple[str, ...]) -> list[Script]:
    """The scripts that a program runs, and those that these run.

    Args:
        snapshot: where they are looked for.
        text: the program.
        folders: where it may run: the root of the repository, and its working directory.
    """
    found: dict[str, Script] = {}
    waiting = [(text, 0)]
    while waiting and len(found) < _MOST:
        program, depth = waiting.pop()
        for script in _named_in(snapshot, program, folders):
            if script.path not in found and len(found) < _MOST:
                found[script.path] = script
                if depth < _DEEPEST:
                    waiting.append((script.text, depth + 1))
    return list(found.values())


def _named_in(snapshot: Snapshot, text: str, folders: tuple[str, ...]) -> Iterator[Script]:
    text = plain(text)
    names = [name for name in dict.fromkeys(_NAME.findall(text)) if _CODE.search(name)]
    for name in [*names, *(_DANGER_FILES if _DANGER.search(text) else ())]:
        yield from _files(snapshot, name.lstrip("/"), folders)
    for folder in folders:
        yield from _targets(snapshot, text, posixpath.join(folder, "Makefile"))
        yield from _package_scripts(snapshot, text, posixpath.join(folder, "package.json"))


def _files(snapshot: Snapshot, name: str, folders: tuple[str, ...]) -> Iterator[Script]:
    for folder in folders:
        path = posixpath.normpath(posixpath.join(folder, name))
        if not snapshot.exists(path):
            continue
        text = snapshot.read_text(path)
        if text is not None and (posixpath.splitext(path)[1] or text.startswith("#!")):
            yield Script(path, plain(text))
            return


def _targets(snapshot: Snapshot, text: str, path: str) -> Iterator[Script]:
    named = {word for found in _MAKE.findall(text) for word in found.split()}
    makefile = snapshot.read_text(path) if named and snapshot.exists(path) else None
    for target, recipe in _recipes(makefile or ""):
        if target in named:
            yield Script(f"{path}#{target}", recipe)


def _recipes(makefile: str) -> Iterator[tuple[str, str]]:
    targets: list[str] = []
    lines: list[str] = []
    for line in plain(makefile).splitlines():
        if line.startswith("\t"):
            lines.append(line.strip().lstrip("@-"))
        elif head := re.match(r"([\w./ -]+):(?!=)", line):
            yield from ((target, "\n".join(lines)) for target in targets)
            targets, lines = head[1].split(), []
    yield from ((target, "\n".join(lines)) for target in targets)


def _package_scripts(snapshot: Snapshot, text: str, path: str) -> Iterator[Script]:
    named = set(_NPM.findall(text))
    package = snapshot.read_text(path) if named and snapshot.exists(path) else None
    try:
        scripts = mapping(mapping(json_text.loads(package or "{}")).get("scripts"))
    except ValueError:
        return
    for name in named & scripts.keys():
        if isinstance(scripts[name], str):
            yield Script(f"{path}#{name}", scripts[name][:_LONGEST])
