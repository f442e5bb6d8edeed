"""A layer is a folder with a cookiecutter template: what it asks for, and the digest that names its version."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flagstone.scaffolding.engine.cookiecutter_json import (
    SETTINGS,
    declared_in,
    is_without_settings,
)
from flagstone.scaffolding.engine.jobs import LayerKind
from flagstone.scaffolding.engine.keepable import keeping_fault
from flagstone.scaffolding.errors import LimitExceeded, TemplateError, UnsafeTemplate

MAX_ENTRIES = 5_000
MAX_BYTES = 64 * 1024 * 1024
_HOOKS = ("pre_prompt", "pre_gen_project", "post_gen_project")
# the sandbox decides which of these it has; none is code of the template's own
_HARMLESS = ("cookiecutter.extensions.", "jinja2.ext.", "jinja2_time.TimeExtension")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a layer comes from when it is not one of Flagstone's own: enough to fetch the very same again.

    Args:
        url: Of the git repository, without credentials.
        commit: Its full id.
        directory: The layer's folder in it, empty for the repository itself.
    """

    url: str
    commit: str
    directory: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """One cookiecutter template on disk.

    Args:
        folder: Holds cookiecutter.json.
        label: How people know it: the folder relative to the scaffolds' folder, such as `python-api/service`.
        digest: SHA-256 over every file of the folder: equal digests render equal trees.
        variables: The keys of cookiecutter.json that may be given, in its order.
        takes_all: It has no cookiecutter.json: what it is given, it asks for.
        hooks: The hooks it brings.
        extensions: The Jinja extensions of its own that it asks for.
        kind: How its files are read; only a cookiecutter template has variables, hooks and extensions.
        runs_code: Whether hooks and extensions are run, in a jail; else they are left out or refused.
        origin: None for a layer of Flagstone's own.
    """

    folder: Path
    label: str
    digest: str
    variables: tuple[str, ...]
    takes_all: bool = False
    hooks: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    kind: LayerKind = LayerKind.COOKIECUTTER
    runs_code: bool = False
    origin: Origin | None = None

    @property
    def address(self) -> str:
        """Where it comes from, '' for one of Flagstone's own."""
        return self.origin.url if self.origin else ""

    @property
    def code(self) -> tuple[str, ...]:
        """What of it is code of its own, in words."""
        hooks = tuple(f"hooks/{name}" for name in self.hooks)
        return (*hooks, *(f"the extension {name}" for name in self.extensions))

    def shown(self, context: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that a rendering can be repeated with: all that may be given."""
        if self.kind is not LayerKind.COOKIECUTTER:
            return dict(context)
        return {key: value for key, value in context.items() if not key.startswith("_")}


def read_layer(
    folder: Path,
    *,
    label: str,
    kind: LayerKind = LayerKind.COOKIECUTTER,
    runs_code: bool = False,
    origin: Origin | None = None,
) -> Layer:
    """Read a layer and refuse what could never be rendered safely, before anything is rendered.

    Raises:
        TemplateError: It is no cookiecutter template, with the file and line.
        UnsafeTemplate, LimitExceeded: It may not or cannot be kept.
    """
    if kind is not LayerKind.COOKIECUTTER:
        return Layer(folder, label, digest_of(folder, label), (), kind=kind, origin=origin)
    takes_all = is_without_settings(folder)
    declared = {} if takes_all else declared_in(folder, label)
    hooks = folder / "hooks"
    return Layer(
        folder=folder,
        label=label,
        digest=digest_of(folder, label),
        variables=tuple(key for key in declared if not key.startswith("_")),
        takes_all=takes_all,
        hooks=tuple(sorted(p.name for p in hooks.iterdir() if p.stem in _HOOKS))
        if hooks.is_dir()
        else (),
        extensions=_extensions(declared, label),
        runs_code=runs_code,
        origin=origin,
    )


def digest_of(folder: Path, label: str) -> str:
    """Return the SHA-256 that names the version of a folder."""
    digest = hashlib.sha256()
    for path, executable, content in layer_files(folder, label):
        mode = "x" if executable else "-"
        digest.update(f"{path}\0{mode}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


def _extensions(declared: Mapping[str, Any], label: str) -> tuple[str, ...]:
    asked = declared.get("_extensions") or []
    if not isinstance(asked, list) or not all(isinstance(each, str) for each in asked):
        raise TemplateError("'_extensions' must be a list of names", file=f"{label}/{SETTINGS}")
    return tuple(each for each in asked if not each.startswith(_HARMLESS))


def layer_files(folder: Path, label: str) -> Iterator[tuple[str, bool, bytes]]:
    """Yield path, executable bit and content of each file, in order, within the limits.

    A link comes as its path with `@` and what it leads to, then as the file that it leads to.
    """
    root = folder.resolve()
    entries = sorted(_walk(root, label), key=lambda entry: entry.path)
    total = 0
    for entry in entries:
        place = Path(entry.path)
        path = place.relative_to(root).as_posix()
        if keeping_fault(path):
            raise TemplateError(f"has a file whose name is not UTF-8: {path!r}", file=label)
        file = f"{label}/{path}"
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
