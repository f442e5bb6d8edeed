"""The scripts of a repository that a step of CI runs: what they do is part of what the step does."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flagstone.core import json_text
from flagstone.policies.manifests.documents import read_documents
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import mapping
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.ci.task_files import (
    hook_commands,
    just_recipes,
    make_recipes,
    task_recipes,
)

_LONGEST = 100_000  # of one text: a script by hand is shorter, and patterns are tried on all of it
_MOST, _DEEPEST = 20, 3
_NAME = re.compile(r"[\w.@/-]+")
_CODE = re.compile(r"\.(?:ba|z|k)?sh$|\.(?:py|m?[jt]s|cjs|rb|pl|ps1|mk)$|/[\w-]+$|^[\w-]+$")
_SENT = re.compile(r"(?:^|[ \t])(?:-C|--directory|-d)[ \t=]+([\w./-]+)")
_TARGET = re.compile(r"(?!-|\d+$|[^=]*=)[\w./:-]*\w[\w./:-]*")
_BEGINS = re.compile(r"(?:^|[;&|(]|\b(?:then|do|sudo|time)\b)[ \t]*$", re.MULTILINE)
_LIMITS = Limits(file_bytes=1024 * 1024, nodes=100_000)
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
        yield from _targets(snapshot, text, folder)
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


def _targets(snapshot: Snapshot, text: str, folder: str) -> Iterator[Script]:
    for command, names, recipes in _RUNNERS:
        for found in itertools.islice(command.finditer(text), _MOST):
            said = found["words"] or ""
            sent = _SENT.search(said)
            words = [word for word in _SENT.sub(" ", said).split() if _TARGET.fullmatch(word)]
            if not words and not _BEGINS.search(text, 0, found.start()):
                continue
            place = posixpath.normpath(posixpath.join(folder, sent[1])) if sent else folder
            paths = (posixpath.join(place, name) for name in names)
            path = next((path for path in paths if snapshot.exists(path)), "")
            file = plain(snapshot.read_text(path) or "") if path else ""
            yield from (Script(f"{path}#{name}", text) for name, text in recipes(file, words))


def _of_task(text: str, wanted: Iterable[str]) -> Iterator[tuple[str, str]]:
    return task_recipes(_mapping_in(text), wanted)


def _of_hooks(text: str, _wanted: Iterable[str]) -> Iterator[tuple[str, str]]:
    return hook_commands(_mapping_in(text))


def _mapping_in(text: str) -> dict[str, object]:
    document = next(read_documents(text, _LIMITS), None)
    return mapping(getattr(document, "value", None))


_WORDS = r"(?P<words>(?:[ \t]+[\w./=@:-]+)*)"
_RUNNERS = (
    (
        re.compile(rf"(?<![\w./-])g?make{_WORDS}"),
        ("Makefile", "makefile", "GNUmakefile"),
        make_recipes,
    ),
    (re.compile(rf"(?<![\w./-])just{_WORDS}"), ("justfile", "Justfile", ".justfile"), just_recipes),
    (
        re.compile(rf"(?<![\w./-])(?:go-)?task{_WORDS}"),
        ("Taskfile.yml", "Taskfile.yaml", "taskfile.yml"),
        _of_task,
    ),
    (
        re.compile(rf"(?<![\w./-])pre-commit[ \t]+run{_WORDS}|(?P<action>pre-commit/action)"),
        (".pre-commit-config.yaml",),
        _of_hooks,
    ),
)


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
