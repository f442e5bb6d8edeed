"""A layer is a folder with a cookiecutter template: what it asks for, and the digest that names its version."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flagstone.scaffolding.errors import LimitExceeded, TemplateError, UnsafeTemplate

MAX_ENTRIES = 5_000
MAX_BYTES = 64 * 1024 * 1024
_HOOKS = ("pre_prompt", "pre_gen_project", "post_gen_project")


@dataclass(frozen=True, slots=True)
class Layer:
    """One cookiecutter template on disk.

    Args:
        folder: Holds cookiecutter.json.
        label: How people know it: the folder relative to the scaffolds' folder, such as `python-api/service`.
        digest: SHA-256 over every file of the folder: equal digests render equal trees.
        variables: The keys of cookiecutter.json that may be given, in its order.
        hooks: The hooks it brings; they are never run.
    """

    folder: Path
    label: str
    digest: str
    variables: tuple[str, ...]
    hooks: tuple[str, ...] = ()

    def shown(self, context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that a rendering can be repeated with: all that may be given."""
        return {key: context[key] for key in self.variables}


def read_layer(folder: Path, *, label: str) -> Layer:
    """Read a layer and refuse what could never be rendered safely, before anything is rendered."""
    settings = folder / "cookiecutter.json"
    if not settings.is_file():
        raise TemplateError(
            "is not a cookiecutter template: it has no cookiecutter.json", file=label
        )
    digest = hashlib.sha256()
    for path, executable, content in layer_files(folder, label):
        mode = "x" if executable else "-"
        digest.update(f"{path}\0{mode}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    hooks = folder / "hooks"
    return Layer(
        folder=folder,
        label=label,
        digest=digest.hexdigest(),
        variables=tuple(_variables(settings, label)),
        hooks=tuple(sorted(p.name for p in hooks.iterdir() if p.stem in _HOOKS))
        if hooks.is_dir()
        else (),
    )


def _variables(settings: Path, label: str) -> list[str]:
    file = f"{label}/cookiecutter.json"
    try:
        declared = json.loads(settings.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise TemplateError(
            f"is not valid JSON: {error.msg}", file=file, line=error.lineno
        ) from error
    except UnicodeDecodeError as error:
        raise TemplateError("is not UTF-8 text", file=file) from error
    if not isinstance(declared, dict):
        raise TemplateError("must be a JSON object", file=file)
    return [key for key in declared if not key.startswith("_")]


def layer_files(folder: Path, label: str) -> Iterator[tuple[str, bool, bytes]]:
    """Yield path, executable bit and content of each file, in order, within the limits.

    A link comes as its path with `@` and what it leads to, then as the file that it leads to.
    """
    root = folder.resolve()
    entries = sorted(_walk(root, label), key=lambda entry: entry.path)
    total = 0
    for entry in entries:
        place = Path(entry.path)
        file = f"{label}/{place.relative_to(root).as_posix()}"
        if entry.is_symlink():
            # realpath: unlike resolve it survives a link that leads to itself
            target = Path(os.path.realpath(place))
            if not target.is_relative_to(root) or not target.exists():
                raise UnsafeTemplate(
                    "is a link that leads out of the template, or nowhere", file=file
                )
            yield (
                f"{file.removeprefix(f'{label}/')}@",
                False,
                str(target.relative_to(root)).encode(),
            )
        status = entry.stat()
        if stat.S_ISDIR(status.st_mode):
            continue
        if not stat.S_ISREG(status.st_mode):
            raise UnsafeTemplate("is not a plain file", file=file)
        total += status.st_size
        if total > MAX_BYTES:
            raise LimitExceeded(f"is larger than {MAX_BYTES // (1024 * 1024)} MB", file=label)
        yield (
            file.removeprefix(f"{label}/"),
            bool(status.st_mode & stat.S_IXUSR),
            place.read_bytes(),
        )


def _walk(folder: Path, label: str) -> list[os.DirEntry[str]]:
    found: list[os.DirEntry[str]] = []
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name in (".git", "__pycache__"):
                    continue
                found.append(entry)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                if len(found) > MAX_ENTRIES:
                    raise LimitExceeded(
                        f"holds more than {MAX_ENTRIES} files and folders", file=label
                    )
    return found
