"""What a jail handed back: a tar stream of which nothing is trusted, or how its code ended."""

from __future__ import annotations

import io
import json
import signal
import stat
import tarfile
from typing import IO, Any

from flagstone.scaffolding.engine.finished_variables import (
    MOST_BYTES,
    kept_variables,
    too_many_variables,
)
from flagstone.scaffolding.engine.jobs import LayerJob, Limits, RenderedLayer
from flagstone.scaffolding.engine.names import written_path_fault
from flagstone.scaffolding.engine.trees import RenderedFile, RenderedTree
from flagstone.scaffolding.errors import (
    HookFailed,
    JailMissing,
    LimitExceeded,
    TemplateError,
    UnsafeTemplate,
)

ANSWER = "answer.json"
_ERRORS = {"unsafe": UnsafeTemplate, "limit": LimitExceeded, "hook": HookFailed}


def read_back(
    output: bytes, said: str, status: int, job: LayerJob, limits: Limits
) -> RenderedLayer:
    if not output and said.startswith("bwrap:"):
        raise jail_missing(job, said.removeprefix("bwrap:").strip())
    try:
        with tarfile.open(fileobj=io.BytesIO(output), mode="r:") as archive:
            answer = _answer_in(archive, job)
            if "fault" in answer:
                raise _error(answer["fault"], said, job)
            tree = _tree(archive, job, limits)
            variables = kept_variables(answer["context"], file=job.name)
            return RenderedLayer(tree, variables, said, bool(answer.get("by_chance")))
    except (
        tarfile.TarError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise _death(status, said, job, limits) from error


def _answer_in(archive: tarfile.TarFile, job: LayerJob) -> dict[str, Any]:
    member = archive.next()
    if member and member.size > MOST_BYTES:
        raise too_many_variables(job.name)
    stream = archive.extractfile(member) if member and member.name == ANSWER else None
    if stream is None:
        raise ValueError("no answer")
    answer: dict[str, Any] = json.load(stream)
    return answer


def _tree(archive: tarfile.TarFile, job: LayerJob, limits: Limits) -> RenderedTree:
    """Read what was written, trusting nothing: plain files only, each in a place of its own, within the limits."""
    files: dict[str, RenderedFile] = {}
    total = 0
    while member := archive.next():
        path = member.name
        if not member.isreg():
            raise UnsafeTemplate(f"writes {path!r}, which is not a plain file", file=job.name)
        if fault := written_path_fault(path):
            raise UnsafeTemplate(f"writes a file whose name {fault}: {path!r}", file=job.name)
        if path in files:
            raise UnsafeTemplate(f"writes {path!r} twice", file=job.name)
        total += member.size
        if len(files) >= limits.files or total > limits.total_bytes:
            raise LimitExceeded("writes more than a run may write", file=job.name)
        stream: IO[bytes] | None = archive.extractfile(member)
        content = stream.read() if stream else b""
        files[path] = RenderedFile(content, bool(member.mode & stat.S_IXUSR))
    tree = RenderedTree(dict(sorted(files.items())))
    if fault := tree.fault():
        raise UnsafeTemplate(f"writes {fault}", file=job.name)
    return tree


def _error(fault: dict[str, Any], said: str, job: LayerJob) -> TemplateError:
    error = _ERRORS.get(str(fault["kind"]), TemplateError)
    file = f"{job.name}/{fault['file']}" if fault["file"] else job.name
    reason = str(fault["reason"])
    if fault["kind"] == "hook" and said:
        reason = f"{reason}. It said: {said[-1000:]}"
    return error(reason, file=file, line=fault["line"])


def _death(status: int, said: str, job: LayerJob, limits: Limits) -> TemplateError:
    """Explain a jail that gave no answer."""
    # bubblewrap hands the number of a signal on as a shell does
    if status - 128 in (signal.SIGXCPU, signal.SIGKILL):
        return LimitExceeded(
            f"computes longer than {limits.cpu_seconds} seconds, ended its own renderer, or was ended by the "
            "system for want of memory",
            file=job.name,
        )
    if "MemoryError" in said:
        return LimitExceeded("needs more memory than a run may have", file=job.name)
    last = said.rpartition("\n")[2] or f"exit status {status}"
    return TemplateError(f"the renderer ended without an answer: {last}", file=job.name)


def jail_missing(job: LayerJob, reason: str) -> JailMissing:
    return JailMissing(
        f"its code runs only where it can be locked in, and this machine does not allow that ({reason}). "
        "Allow user namespaces to the worker (sysctl user.max_user_namespaces; in a container, a seccomp "
        "profile that permits unshare), or switch the code of this template off",
        file=job.name,
    )
