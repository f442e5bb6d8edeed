"""What an ApplicationSet's generators put into its template, as far as the input says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice, product
from typing import Any

from flagstone.policies.manifests.objects import dig, mapping, sequence
from flagstone.scorecards.engine.argocd.argo_applications import Application

Parameters = dict[str, str]

# Who may write these may choose what the template says: each is decided outside the ApplicationSet.
FOREIGN_GENERATORS = ("git", "scmProvider", "pullRequest", "plugin")
_NESTED = ("matrix", "merge")
_MOST = 500
_PLACEHOLDER = re.compile(r"\{\{-?\s*\.?(?P<key>[\w.\[\]-]+?)\s*-?\}\}")
_SEGMENT = re.compile(r"index\s+\.path\.segments\s+(\d+)")


def generators(application: Application) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every generator with its kind, those inside matrix and merge too."""
    waiting = sequence(application.manifest.spec.get("generators"))[:]
    while waiting:
        generator = mapping(waiting.pop(0))
        for kind, settings in generator.items():
            if kind in _NESTED:
                waiting += sequence(dig(generator, kind, "generators"))
            else:
                yield kind, mapping(settings)


def filled(application: Application, text: str, folders: Iterable[str]) -> list[str]:
    """The values that a text of the template takes; what is not known stays in braces.

    Args:
        application: of an ApplicationSet, or a plain one, whose texts are what they are.
        text: of the template.
        folders: those of the repository, for the git directory generators.
    """
    if not application.is_generated or "{{" not in text:
        return [text]
    sets = [found for found in _parameter_sets(application, folders) if found]
    combined = islice(product(*sets), _MOST)
    values = (_fill(text, [item for part in parts for item in part.items()]) for parts in combined)
    return list(dict.fromkeys(values))


def _parameter_sets(application: Application, folders: Iterable[str]) -> list[list[Parameters]]:
    """What list generators and git directory generators give; a text seldom takes from both."""
    listed: list[Parameters] = []
    for kind, settings in generators(application):
        if kind == "list":
            listed += [
                dict(_flat(mapping(item), "")) for item in sequence(settings.get("elements"))
            ]
    directories = [
        {
            "path": folder,
            "path.path": folder,
            "path.basename": folder.rpartition("/")[2],
            "path.basenameNormalized": folder.rpartition("/")[2],
            **{f"path[{i}]": part for i, part in enumerate(folder.split("/"))},
        }
        for folder in sorted(folders)
        if application.generates_exactly(folder)
    ]
    return [listed, directories]


def _flat(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, item in value.items():
        if isinstance(item, dict):
            yield from _flat(item, f"{prefix}{key}.")
        elif not isinstance(item, list):
            yield f"{prefix}{key}", str(item)


def _fill(text: str, parameters: list[tuple[str, str]]) -> str:
    known = dict(parameters)
    plain = _SEGMENT.sub(r"path[\1]", text)
    return _PLACEHOLDER.sub(lambda found: known.get(found["key"], found[0]), plain)
