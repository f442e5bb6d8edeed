"""Makefiles, justfiles, Taskfiles and pre-commit's hooks: the commands that one of their targets runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from flagstone.policies.manifests.objects import mapping, sequence

_MAKE_VARIABLE = re.compile(r"^(?:export[ \t]+)?([\w.-]+)[ \t]*[:?]?:?=[ \t]*(.*)$", re.MULTILINE)
_MAKE_TARGET = re.compile(r"([^\s:#=][^:=#]*)::?(?!=)([^;]*)")
_JUST_TARGET = re.compile(r"@?([\w-]+)(?:[ \t]+[^:\n]*)?:(?!=)[ \t]*(.*)")
_USED = re.compile(r"\$[({]([\w.-]+)[)}]|\{\{[ \t]*([\w-]+)[ \t]*\}\}")
_MOST = 100


def make_recipes(text: str, wanted: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The targets that `make` runs: those wanted (the first one if none is), and what they need.

    A line that starts with `-` may fail; that is said as a shell says it.
    """
    targets = dict[str, tuple[list[str], list[str]]]()
    current = list[str]()
    for line in text.splitlines():
        if line.startswith("\t"):
            for name in current:
                targets[name][1].append(_recipe_line(line.strip()))
        elif head := _MAKE_TARGET.match(line):
            current = head[1].split()[:_MOST]
            for name in current:
                needs, lines = targets.setdefault(name, ([], []))
                needs += head[2].split()
                lines += [_recipe_line(one) for one in line.partition(";")[2:] if one.strip()]
    values = dict(_MAKE_VARIABLE.findall(text))
    first = next((name for name in targets if not name.startswith(".")), "")
    chosen = [_with_values(name, values) for name in wanted] or [values.get(".DEFAULT_GOAL", first)]
    yield from _reached(targets, chosen, values)


def just_recipes(text: str, wanted: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The same of `just`, whose recipes are indented by spaces or tabs."""
    targets = dict[str, tuple[list[str], list[str]]]()
    current = ""
    for line in text.splitlines():
        if line[:1].isspace() and current:
            targets[current][1].append(_recipe_line(line.strip()))
        elif head := _JUST_TARGET.fullmatch(line.rstrip()):
            current = head[1]
            needs = re.findall(r"[\w-]+", head[2].replace("&&", " "))
            targets[current] = (needs, [])
    values = {name: value.strip("\"'") for name, value in _MAKE_VARIABLE.findall(text)}
    first = next(iter(targets), "")
    chosen = list(wanted) or ["default" if "default" in targets else first]
    yield from _reached(targets, chosen, values)


def task_recipes(file: Mapping[str, object], wanted: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The same of a Taskfile."""
    targets = dict[str, tuple[list[str], list[str]]]()
    for name, value in mapping(file.get("tasks")).items():
        task = mapping(value)
        commands = value if isinstance(value, str | list) else task.get("cmds", task.get("cmd"))
        needs = [
            one if isinstance(one, str) else str(mapping(one).get("task"))
            for one in sequence(task.get("deps"))
        ]
        lines = list[str]()
        for one in commands if isinstance(commands, list) else [commands]:
            if isinstance(one, str):
                lines.append(one)
            elif "task" in mapping(one):
                needs.append(str(mapping(one)["task"]))
            elif isinstance(mapping(one).get("cmd"), str):
                may_fail = mapping(one).get("ignore_error") is True
                lines.append(f"{mapping(one)['cmd']}{' || true' if may_fail else ''}")
        targets[str(name)] = (needs, lines)
    yield from _reached(targets, list(wanted) or ["default"], {})


def hook_commands(file: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """What pre-commit's own hooks run, and the names of those of others."""
    for repository in sequence(file.get("repos")):
        for hook in map(mapping, sequence(mapping(repository).get("hooks"))):
            words = [str(hook.get("entry") or hook.get("id") or "")]
            words += [str(word) for word in sequence(hook.get("args"))]
            yield str(hook.get("id")), " ".join(words)


def _recipe_line(line: str) -> str:
    signs = line[: len(line) - len(line.lstrip("@-+"))]
    command = line.lstrip("@-+").strip()
    return f"{command} || true" if "-" in signs and command else command


def _reached(
    targets: Mapping[str, tuple[list[str], list[str]]],
    chosen: Iterable[str],
    values: Mapping[str, str],
) -> Iterator[tuple[str, str]]:
    waiting = dict.fromkeys(name for name in chosen if name in targets)
    seen = set[str]()
    while waiting and len(seen) < _MOST:
        name = next(iter(waiting))
        del waiting[name]
        seen.add(name)
        needs, lines = targets[name]
        yield name, _with_values("\n".join(lines), values)
        waiting |= dict.fromkeys(one for one in needs if one in targets and one not in seen)


def _with_values(text: str, values: Mapping[str, str]) -> str:
    return _USED.sub(lambda found: values.get(found[1] or found[2], found[0])[:500], text)
