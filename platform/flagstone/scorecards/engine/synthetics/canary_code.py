"""The code that a canary runs: what lies in the archive that it is made of."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flagstone.policies.terraform.blocks import Block
from flagstone.policies.terraform.evaluation import Scope
from flagstone.policies.terraform.module import Module
from flagstone.policies.terraform.values import Partial, Reference, Unknown, why_unknown
from flagstone.scorecards.engine.canaries import Canary, blocks_of, followed, value_of

_ARCHIVE = "archive_file"
_MOST_FILES = 5_000
_MOST_BYTES = 1024 * 1024
_BUILT_FOLDERS = frozenset(
    {"build", ".build", "dist", "out", "target", "tmp", ".tmp", ".terraform", "bin"}
)
Text = Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Missing:
    """The code is not there; `what` is the path that is said."""

    what: str


@dataclass(frozen=True, slots=True)
class Code:
    """What the archive holds: how to read each file, by its path inside; where it lies, if it does."""

    files: Mapping[str, Text]
    paths: Mapping[str, str]


def code_of(canary: Canary) -> Code | Missing | Unknown:
    """Find what `zip_file`, or the object at `s3_key`, is made of."""
    value = canary.value("zip_file")
    if value is None:
        return _uploaded(canary)
    if isinstance(value, Reference):
        found = followed(value)
        if found is not None and value.type == _ARCHIVE:
            return _archived(*found)
        return Unknown(f"what {value.text} holds is not known")
    for block, scope in _archives(canary.module):
        if value_of(block, "output_path", scope) == value:
            return _archived(block, scope)
    if not isinstance(value, str):
        return Unknown(why_unknown(value) or "zip_file is no path")
    return _zipped(canary.module, value)


def _archives(module: Module) -> Iterator[tuple[Block, Scope]]:
    for kind in ("data", "resource"):
        yield from blocks_of(module, kind, _ARCHIVE)


def _uploaded(canary: Canary) -> Code | Missing | Unknown:
    """The archive that Terraform itself uploads to where the canary fetches its code."""
    key = canary.value("s3_key")
    found = followed(key) if isinstance(key, Reference) else None
    if found is None:
        return Unknown("the code lies in a bucket")
    block, scope = found
    source = value_of(block, "source", scope)
    made = followed(source) if isinstance(source, Reference) else None
    if made is not None and isinstance(source, Reference) and source.type == _ARCHIVE:
        return _archived(*made)
    return Unknown("the code lies in a bucket")


def _archived(block: Block, scope: Scope) -> Code | Missing | Unknown:
    folder = value_of(block, "source_dir", scope)
    file = value_of(block, "source_file", scope)
    if folder is not None:
        return _folder(scope.module, folder)
    if file is not None:
        return _file(scope.module, file)
    files: dict[str, Text] = {}
    sources = [(one, "filename", "content") for one in block.nested("source")]
    if "source_content" in block.attributes:
        sources.append((block, "source_content_filename", "source_content"))
    for one, name_key, content_key in sources:
        name = value_of(one, name_key, scope)
        if not isinstance(name, str):
            return Unknown(why_unknown(name) or "a file in the archive has no known name")
        files[name] = partial(_content, value_of(one, content_key, scope))
    return Code(files, {})


def _content(value: Any) -> str | None:
    if isinstance(value, Partial):
        return "".join(part if isinstance(part, str) else "" for part in value.parts)
    return value if isinstance(value, str) else None


def _folder(module: Module, written: Any) -> Code | Missing | Unknown:
    if not isinstance(written, str):
        return Unknown(why_unknown(written) or "source_dir is no path")
    folder = module.path_of(written)
    start = f"{folder}/" if folder else ""
    paths = [path for path in module.reader.snapshot.paths() if path.startswith(start)]
    if not paths:
        return _absent(module, folder)
    inside = {path[len(start) :]: path for path in paths[:_MOST_FILES]}
    return Code({name: partial(module.reader.text, path) for name, path in inside.items()}, inside)


def _file(module: Module, written: Any) -> Code | Missing | Unknown:
    if not isinstance(written, str):
        return Unknown(why_unknown(written) or "source_file is no path")
    path = module.path_of(written)
    if not module.reader.snapshot.exists(path):
        return _absent(module, path)
    name = posixpath.basename(path)
    return Code({name: partial(module.reader.text, path)}, {name: path})


def _zipped(module: Module, written: str) -> Code | Missing | Unknown:
    path = module.path_of(written)
    if not module.reader.snapshot.exists(path):
        return _absent(module, path)
    try:
        data = module.reader.snapshot.files[path]
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()[:_MOST_FILES]
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError):
        return Unknown(f"{path} cannot be opened as an archive")
    return Code({name: partial(_member, data, name) for name in names}, {})


def _member(data: bytes, name: str) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(name) as member:
            return member.read(_MOST_BYTES).decode("utf-8", "replace")
    except (
        OSError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        KeyError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
    ):
        return None


def _absent(module: Module, path: str) -> Missing | Unknown:
    """What is made by a build is not in Git, and so proves nothing by not being there."""
    if path.startswith("../") or path == "..":
        return Unknown(f"{path} lies outside of what was read")
    reason = _built(module, path)
    return Unknown(f"{path} is made by a build ({reason})") if reason else Missing(path)


def _built(module: Module, path: str) -> str:
    folders = set(posixpath.dirname(path).split("/"))
    if found := folders & _BUILT_FOLDERS:
        return f"it lies in {min(found)}/"
    for kind in ("null_resource", "terraform_data"):
        if any(
            block.nested("provisioner") for block, _ in blocks_of(module.root, "resource", kind)
        ):
            return "the module runs commands"
    name = posixpath.basename(path)
    for other in module.reader.snapshot.paths():
        if posixpath.basename(other) == ".gitignore" and _ignores(module.reader.text(other), name):
            return f"{other} names it"
        if ".github/workflows/" in other and name in (module.reader.text(other) or ""):
            return f"{other} names it"
    return ""


def _ignores(text: str | None, name: str) -> bool:
    lines = {line.strip().rpartition("/")[2] for line in (text or "").splitlines()}
    suffix = re.sub(r"^.*(?=\.)", "*", name)
    return name in lines or suffix in lines
