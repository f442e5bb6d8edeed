"""Registered templates as scaffolds: their files come from the database, and lie unpacked beside the other data."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

from django.conf import settings

from flagstone.core.content import content_dir
from flagstone.scaffolding.engine.archives import unpack_into
from flagstone.scaffolding.engine.layers import Origin, digest_of
from flagstone.scaffolding.engine.scaffold import Scaffold
from flagstone.scaffolding.engine.sources import Source, scaffolds_of
from flagstone.scaffolding.errors import TemplateError
from flagstone.scaffolding.models import TemplateSource

# seconds since a folder was last handed out: a render that began then is over, whatever its limits
_ABANDONED_AFTER = 7200.0
_RENEWED_AFTER = 3600.0
_PARTS = "unpacking-"

logger = logging.getLogger(__name__)

_lock = threading.Lock()
_held: dict[tuple[object, ...], list[Scaffold]] = {}


def registered_scaffolds() -> list[Scaffold]:
    """Return the scaffolds of every template that was fetched once, broken ones with their problem."""
    found: dict[tuple[object, ...], list[Scaffold]] = {}
    with _lock:
        for source in TemplateSource.objects.defer("content").exclude(commit=""):
            state = (
                str(_folder()),
                source.scaffold_id,
                source.title,
                source.url,
                source.directory,
                source.commit,
                source.digest,
                source.runs_code,
            )
            # a folder that was lost, or that could not be made, is made again
            is_there = _is_there_for_an_hour(_folder() / source.digest)
            found[state] = (is_there and _held.get(state)) or scaffolds_in(source)
        _held.clear()
        _held.update(found)
    return [scaffold for scaffolds in found.values() for scaffold in scaffolds]


def scaffolds_in(source: TemplateSource) -> list[Scaffold]:
    """Return the scaffolds of one template: several where it nests some."""
    try:
        folder = _unpacked(source)
    except (TemplateError, OSError) as error:
        problem = error if isinstance(error, TemplateError) else TemplateError(str(error))
        return [_broken(source, problem)]
    return scaffolds_below(folder, source)


def scaffolds_below(folder: Path, source: TemplateSource) -> list[Scaffold]:
    """Read the scaffolds of somebody's template in a folder; whatever is wrong with it stays its own problem."""
    try:
        return scaffolds_of(
            Source(
                id=source.scaffold_id,
                title=source.title,
                folder=folder,
                description=f"A template from {source.url}.",
                origin=Origin(source.url, source.commit, source.directory),
                runs_code=source.runs_code,
                # without a title of somebody's choice, a template is registered by its repository's name
                is_titled=source.title != source.url.rpartition("/")[2].removesuffix(".git"),
            ),
            entry=content_dir("scaffolds") / "catalog-entry",
        )
    except Exception as error:
        logger.exception("the template %s cannot be read", source.scaffold_id)
        reason = f"cannot be read, which is a fault of Flagstone: {type(error).__name__}: {error}"
        return [_broken(source, TemplateError(reason, file=source.scaffold_id))]


def _broken(source: TemplateSource, problem: TemplateError) -> Scaffold:
    return Scaffold(source.scaffold_id, _folder(), source.title, problem=problem)


def remove_unused() -> int:
    """Remove unpacked templates that nobody holds any more and nobody was given lately, and tell how many."""
    if not _folder().is_dir():
        return 0
    held = set(TemplateSource.objects.values_list("digest", flat=True))
    removed = 0
    for folder in _folder().iterdir():
        with contextlib.suppress(FileNotFoundError):
            is_old = time.time() - folder.stat().st_mtime > _ABANDONED_AFTER
            if folder.name not in held and is_old:
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed


def _is_there_for_an_hour(folder: Path) -> bool:
    """Tell whether an unpacked template is there; then it stays, though its source moves on to other files."""
    try:
        if time.time() - folder.stat().st_mtime > _RENEWED_AFTER:
            os.utime(folder)
    except FileNotFoundError:
        return False
    return True


def _folder() -> Path:
    return Path(settings.FLAGSTONE_HOME) / "templates"


def _unpacked(source: TemplateSource) -> Path:
    """Return the folder with the template's files; it appears whole or not at all, whoever else unpacks it."""
    target = _folder() / source.digest
    if target.is_dir():
        return target
    _folder().mkdir(parents=True, exist_ok=True)
    content = TemplateSource.objects.values_list("content", flat=True).get(pk=source.pk)
    part = Path(tempfile.mkdtemp(prefix=_PARTS, dir=_folder()))
    try:
        unpack_into(part, bytes(content or b""), label=source.scaffold_id)
        if digest_of(part, source.scaffold_id) != source.digest:
            raise TemplateError("its files are not those that were kept", file=source.scaffold_id)
        # whoever renders as another user reads it, too
        part.chmod(0o755)
        os.utime(part)
        with contextlib.suppress(OSError):  # somebody else was faster with the very same files
            part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target
