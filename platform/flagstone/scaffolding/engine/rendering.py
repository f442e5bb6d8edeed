"""Rendering cookiecutter layers in a child process: clean environment, hard limits, nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flagstone.scaffolding.engine.exchange import AnsweredTooMuch, Clock, TookTooLong, exchange
from flagstone.scaffolding.engine.finished_variables import (
    MOST_BYTES,
    kept_variables,
    too_many_variables,
)
from flagstone.scaffolding.engine.jail import render_in_jail
from flagstone.scaffolding.engine.jobs import LayerJob, LayerKind, Limits, RenderedLayer
from flagstone.scaffolding.engine.layers import layer_files
from flagstone.scaffolding.engine.names import written_path_fault
from flagstone.scaffolding.engine.trees import RenderedFile, RenderedTree
from flagstone.scaffolding.errors import (
    LimitExceeded,
    RendererKilled,
    TemplateError,
    UnsafeTemplate,
)

CHILD = ("-I", "-X", "utf8", "-m", "flagstone.scaffolding.engine.child")
_RUN_PREFIX = "flagstone-render-"
# of layers that were unpacked, and of templates that were fetched
_PREFIXES = (_RUN_PREFIX, "flagstone-layer-", "flagstone-template-")


def render_layer(
    template_dir: Path, given: Mapping[str, Any], *, limits: Limits | None = None
) -> RenderedTree:
    """Render one cookiecutter template; the content of its top folder becomes the tree's root."""
    return render_layers([LayerJob(template_dir, given)], limits=limits)[0].tree


def render_layers(jobs: Sequence[LayerJob], *, limits: Limits | None = None) -> list[RenderedLayer]:
    """Render layers in one child process; each of those whose code runs, in a jail of its own.

    Raises:
        TemplateError: With the file and line of the template, and the reason.
        UnsafeTemplate: The template tried what no template may do.
        LimitExceeded: It took too much.
        RendererKilled: It is not the template's fault.
        HookFailed, JailMissing: As `render_in_jail`.
    """
    limits = limits or Limits()
    harmless = [job for job in jobs if _goes_to_the_child(job)]
    rendered = iter(_render_harmless(harmless, limits) if harmless else [])
    return [_taken(job, rendered, limits) for job in jobs]


def _taken(job: LayerJob, rendered: Iterator[RenderedLayer], limits: Limits) -> RenderedLayer:
    if _goes_to_the_child(job):
        return next(rendered)
    if job.kind is LayerKind.PLAIN:
        return RenderedLayer(_copied(job, limits), {})
    return render_in_jail(job, limits)


def _goes_to_the_child(job: LayerJob) -> bool:
    return not job.runs_code and job.kind is not LayerKind.PLAIN


def _copied(job: LayerJob, limits: Limits) -> RenderedTree:
    """Take a folder as it is; a link comes as the file that it leads to."""
    files: dict[str, RenderedFile] = {}
    total = 0
    for path, executable, content in layer_files(job.folder, job.name):
        if (job.folder / path.removesuffix("@")).is_symlink() and path.endswith("@"):
            continue
        if fault := written_path_fault(path):
            raise UnsafeTemplate(f"has a file whose name {fault}: {path!r}", file=job.name)
        total += len(content)
        if len(files) >= limits.files or total > limits.total_bytes:
            raise LimitExceeded("holds more than a run may write", file=job.name)
        if len(content) > limits.file_bytes:
            raise LimitExceeded("is larger than a run may write", file=f"{job.name}/{path}")
        files[path] = RenderedFile(content, executable)
    return RenderedTree(files)


def _render_harmless(jobs: Sequence[LayerJob], limits: Limits) -> list[RenderedLayer]:
    with tempfile.TemporaryDirectory(prefix=_RUN_PREFIX) as folder:
        run = Path(folder).resolve()
        answer = _run_child(jobs, run, limits)
        if "fault" in answer:
            raise _error(answer["fault"], jobs[answer["layer"]])
        return [
            RenderedLayer(
                _collect(run / str(number), job, limits),
                kept_variables(variables, file=job.name),
                by_chance=by_chance,
            )
            for number, (job, variables, by_chance) in enumerate(
                zip(jobs, answer["contexts"], answer["by_chance"], strict=True)
            )
        ]


def remove_abandoned(*, older_than: float = 3600.0) -> int:
    """Remove folders that killed workers left behind, and tell how many."""
    removed = 0
    place = Path(tempfile.gettempdir())
    for folder in (each for prefix in _PREFIXES for each in place.glob(f"{prefix}*")):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > older_than:
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed


def _run_child(jobs: Sequence[LayerJob], run: Path, limits: Limits) -> dict[str, Any]:
    job = json.dumps(
        {
            "run": str(run),
            "layers": [
                {
                    **job.as_json(),
                    "folder": str(job.folder.resolve()),
                    "kind": job.kind,
                }
                for job in jobs
            ],
            "max_files": limits.files,
            "max_bytes": limits.total_bytes,
            "limits": {
                "wall_seconds": limits.wall_seconds + 1,
                "cpu_seconds": limits.cpu_seconds,
                "memory_bytes": limits.memory_bytes,
                "file_bytes": limits.file_bytes,
            },
        }
    ).encode()
    process = subprocess.Popen(
        (sys.executable, *CHILD),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=run,
        env={"PATH": "/usr/bin:/bin", "HOME": str(run), "LANG": "C.UTF-8", "TZ": "UTC"},
        start_new_session=True,
    )
    try:
        output, complaint = exchange(
            process, job, watch=Clock(limits.wall_seconds), most=MOST_BYTES
        )
    except BaseException as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if isinstance(error, TookTooLong):
            raise _too_slow(jobs, limits) from error
        if isinstance(error, AnsweredTooMuch):
            raise too_many_variables(_labels(jobs)) from error
        raise
    process.wait()
    if process.returncode == 0:
        answer: dict[str, Any] = json.loads(output)
        return answer
    raise _death(process.returncode, complaint, jobs, limits)


def _too_slow(jobs: Sequence[LayerJob], limits: Limits) -> LimitExceeded:
    return LimitExceeded(f"takes longer than {limits.wall_seconds} seconds", file=_labels(jobs))


def _death(
    returncode: int, complaint: str, jobs: Sequence[LayerJob], limits: Limits
) -> TemplateError | RendererKilled:
    """Explain a child that gave no answer."""
    labels = _labels(jobs)
    if returncode == -signal.SIGALRM:
        return _too_slow(jobs, limits)
    if returncode == -signal.SIGKILL:
        # its own limits end it in other ways
        return RendererKilled(labels)
    if returncode == -signal.SIGXCPU:
        return LimitExceeded(f"computes longer than {limits.cpu_seconds} seconds", file=labels)
    if "MemoryError" in complaint:
        return LimitExceeded("needs more memory than a run may have", file=labels)
    last = complaint.strip().rpartition("\n")[2] or f"exit status {returncode}"
    return TemplateError(f"the renderer ended without an answer: {last}", file=labels)


def _labels(jobs: Sequence[LayerJob]) -> str:
    return ", ".join(job.name for job in jobs)


def _error(fault: Mapping[str, Any], job: LayerJob) -> TemplateError:
    kinds = {"unsafe": UnsafeTemplate, "limit": LimitExceeded}
    error = kinds.get(fault["kind"], TemplateError)
    label = job.name
    file = f"{label}/{fault['file']}" if fault["file"] else label
    return error(fault["reason"], file=file, line=fault["line"])


def _collect(target: Path, job: LayerJob, limits: Limits) -> RenderedTree:
    """Read what was written, trusting nothing: plain files only, within the limits."""
    if job.only_variables:
        return RenderedTree()
    tops = sorted(os.scandir(target), key=lambda entry: entry.name)
    label = job.name
    if len(tops) != 1 or not tops[0].is_dir(follow_symlinks=False):
        raise TemplateError("did not produce one folder", file=label)
    files: dict[str, RenderedFile] = {}
    total = 0
    for entry in _plain_files(Path(tops[0].path), label):
        status = entry.stat(follow_symlinks=False)
        total += status.st_size
        if len(files) >= limits.files or total > limits.total_bytes:
            raise LimitExceeded("writes more than a run may write", file=label)
        path = Path(entry.path)
        relative = path.relative_to(tops[0].path).as_posix()
        if fault := written_path_fault(relative):
            raise UnsafeTemplate(f"writes a file whose name {fault}: {relative!r}", file=label)
        files[relative] = RenderedFile(path.read_bytes(), bool(status.st_mode & stat.S_IXUSR))
    return RenderedTree(dict(sorted(files.items())))


def _plain_files(folder: Path, label: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _plain_files(Path(entry.path), label)
            elif entry.is_file(follow_symlinks=False):
                yield entry
            else:
                raise UnsafeTemplate(
                    f"writes '{entry.name}', which is not a plain file", file=label
                )
