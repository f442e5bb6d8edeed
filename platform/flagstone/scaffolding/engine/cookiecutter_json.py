"""cookiecutter.json as its author wrote it, and the templates that one repository holds when it nests several."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flagstone.core import json_text
from flagstone.scaffolding.engine.keepable import keeping_fault
from flagstone.scaffolding.errors import TemplateError, UnsafeTemplate

SETTINGS = "cookiecutter.json"
_MAX_BYTES = 1024 * 1024
_MAX_DEPTH = 5
_MAX_TEMPLATES = 100
_LONGEST_OPTION = 500
# cookiecutter's own older form: "A title (path/to/the/template)"
_TITLED_PATH = re.compile(r"(?P<title>.*?)\s*\((?P<path>.+)\)")


@dataclass(frozen=True, slots=True)
class Found:
    """One template of a repository.

    Args:
        keys: What leads to it from the outside in; empty when the repository is the template itself.
        folder: Holds its cookiecutter.json.
        title: What the repository calls it, empty when it is the only one.
        description: As the repository gives it.
    """

    keys: tuple[str, ...]
    folder: Path
    title: str = ""
    description: str = ""


def declared_in(folder: Path, label: str) -> dict[str, Any]:
    """Return what a template's cookiecutter.json says, in its order.

    Raises:
        TemplateError: There is none, or it is no JSON object that can be kept; with the line.
    """
    settings, file = folder / SETTINGS, f"{label}/{SETTINGS}"
    if not settings.is_file():
        raise TemplateError(f"is not a cookiecutter template: it has no {SETTINGS}", file=label)
    if settings.stat().st_size > _MAX_BYTES:
        raise TemplateError(f"is larger than {_MAX_BYTES // 1024} KB", file=file)
    try:
        declared = json_text.loads(settings.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise TemplateError(
            f"is not valid JSON: {error.msg}", file=file, line=error.lineno
        ) from error
    except json_text.NestedTooDeeply as error:
        raise TemplateError("is nested too deeply", file=file) from error
    except UnicodeDecodeError as error:
        raise TemplateError("is not UTF-8 text", file=file) from error
    except ValueError as error:
        raise TemplateError("holds a number of more digits than can be read", file=file) from error
    if not isinstance(declared, dict):
        raise TemplateError("must be a JSON object", file=file)
    for key, value in declared.items():
        if fault := keeping_fault([key, value]):
            raise TemplateError(f"{key!r} {fault}", file=file)
    return declared


def is_without_settings(folder: Path) -> bool:
    """Tell whether a folder is a template as Backstage takes it, too: it asks for what it is given."""
    return not (folder / SETTINGS).exists() and any(
        "cookiecutter" in place.name and "{{" in place.name and place.is_dir()
        for place in folder.iterdir()
    )


def cookiecutters_in(folder: Path, label: str) -> list[Found]:
    """Find the templates of a repository: itself, or those that it nests, at any depth.

    Raises:
        TemplateError: A cookiecutter.json cannot be read, or names a template that is not there.
        UnsafeTemplate: It names a folder outside the repository.
    """
    found: list[Found] = []
    waiting = [Found((), folder)]
    while waiting:
        one = waiting.pop(0)
        place = "/".join([label, *one.folder.relative_to(folder).parts])
        declared = declared_in(one.folder, place)
        inner = list(_nested(declared, f"{place}/{SETTINGS}"))
        if not inner:
            found.append(one)
        if len(one.keys) >= _MAX_DEPTH and inner:
            raise TemplateError(
                f"nests templates deeper than {_MAX_DEPTH}", file=f"{place}/{SETTINGS}"
            )
        waiting += [_inside(one, each, folder, f"{place}/{SETTINGS}") for each in inner]
        if len(found) + len(waiting) > _MAX_TEMPLATES:
            raise TemplateError(f"holds more than {_MAX_TEMPLATES} templates", file=label)
    return found


@dataclass(frozen=True, slots=True)
class _Nested:
    key: str
    path: str
    title: str
    description: str = ""


def _nested(declared: Mapping[str, Any], file: str) -> Iterator[_Nested]:
    if templates := declared.get("templates"):
        if not isinstance(templates, dict):
            raise TemplateError(
                "'templates' must be an object of templates by their key", file=file
            )
        for key, each in templates.items():
            if not isinstance(each, dict) or not isinstance(each.get("path"), str):
                raise TemplateError(f"the template '{key}' has no path", file=file)
            title, description = str(each.get("title") or key), str(each.get("description") or "")
            yield _Nested(key, each["path"], title, "" if description == title else description)
    elif "template" in declared:
        options = declared["template"]
        for option in options if isinstance(options, list) else [options]:
            match = _TITLED_PATH.fullmatch(str(option)[:_LONGEST_OPTION].strip())
            if match is None:
                raise TemplateError(
                    f"'template' offers '{option}', which names no path in brackets, "
                    "such as 'A package (package)'",
                    file=file,
                )
            yield _Nested(match["path"], match["path"], match["title"] or match["path"])


def _inside(outer: Found, inner: _Nested, root: Path, file: str) -> Found:
    place = (outer.folder / inner.path).resolve()
    base = root.resolve()
    if Path(inner.path).is_absolute() or not place.is_relative_to(base):
        raise UnsafeTemplate(
            f"the template '{inner.key}' lies outside the repository: {inner.path}", file=file
        )
    if place == outer.folder.resolve() or not place.is_dir():
        raise TemplateError(
            f"the template '{inner.key}' names a folder that is not there: {inner.path}", file=file
        )
    title = f"{outer.title}: {inner.title}" if outer.title else inner.title
    return Found((*outer.keys, inner.key), root / place.relative_to(base), title, inner.description)
