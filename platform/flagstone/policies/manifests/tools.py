"""Running kubectl, kustomize and helm on a copy of the sources: no network, no hang, no leftovers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flagstone.policies.manifests.documents import Broken, read_documents
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.plain_files import unroll


class ToolError(Exception):
    """The tool could not do it, in words."""


def find_tool(name: str) -> str | None:
    """The program beside this Python if there is one, else the one on PATH."""
    own = Path(sys.executable).parent / name
    return str(own) if os.access(own, os.X_OK) else shutil.which(name)


def kustomize_command() -> list[str] | None:
    """The command to which the folder is appended; None if neither program is installed."""
    if found := find_tool("kustomize"):
        return [found, "build"]
    if found := find_tool("kubectl"):
        return [found, "kustomize"]
    return None


def run_tool(command: Sequence[str], folder: Path, limits: Limits) -> str:
    """Run a renderer in `folder` and return what it printed.

    It finds no git and no proxy that answers, so a remote base fails at once instead of being fetched.
    """
    environment = {
        "PATH": "",
        "HOME": str(folder),
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "KUBECONFIG": os.devnull,
    }
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=complaints,
            start_new_session=True,
        )
        try:
            status = process.wait(limits.render_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise ToolError(f"it took longer than {limits.render_seconds:g} seconds") from None
        if status != 0:
            complaints.seek(0)
            raise ToolError(_complaint(complaints.read(20_000), folder))
        if output.seek(0, os.SEEK_END) > limits.rendered_bytes:
            raise ToolError(f"its output is over {limits.rendered_bytes // 2**20} MB")
        output.seek(0)
        return output.read().decode("utf-8", "replace")


def copy_files(files: Mapping[str, bytes], paths: Iterable[str], folder: Path) -> None:
    """Write some files below `folder`; their paths are relative and were checked when listed."""
    for path in paths:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.write_bytes(files[path])
        except (KeyError, OSError) as error:
            raise ToolError(f"{path} cannot be read: {error}") from error


def _complaint(raw: bytes, folder: Path) -> str:
    text = raw.decode("utf-8", "replace").replace(f"{folder}/", "").replace(str(folder), ".")
    words = " ".join(text.split()).removeprefix("error: ").removeprefix("Error: ")
    return words[:600] or "it failed without a word"


def rendered_objects(output: str, limits: Limits) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a tool's output, each with the first lines of its document."""
    lines = output.splitlines(keepends=True)
    for document in read_documents(output, limits):
        if isinstance(document, Broken):
            raise ToolError(f"its output cannot be read: line {document.line}: {document.reason}")
        head = "".join(lines[document.first_line : document.first_line + 3])
        for _, raw in unroll(document.value, limits.depth):
            yield head, raw
