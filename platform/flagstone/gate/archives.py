"""The manifests of a request: one text, files by path, or a base64 tar archive. Pure, and within limits."""

from __future__ import annotations

import base64
import binascii
import io
import tarfile
from collections.abc import Mapping

from flagstone.core.errors import UserError

MAX_BYTES = 5 * 1024 * 1024
MAX_FILES = 2_000
TEXT_NAME = "manifests.yaml"


def from_text(text: str) -> dict[str, bytes]:
    """Return one text as the one file that it is."""
    return _limited({TEXT_NAME: text.encode()})


def from_files(files: Mapping[str, str]) -> dict[str, bytes]:
    """Return texts by path."""
    return _limited({path: text.encode() for path, text in files.items()})


def from_archive(encoded: str) -> dict[str, bytes]:
    """Return the regular files of a base64 tar, plain or compressed; links and devices are left out."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise UserError("`archive` is not base64.", code="gate.archive_unreadable") from error
    files: dict[str, bytes] = {}
    room = MAX_BYTES
    try:
        with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
            for member in archive:
                if not member.isfile():
                    continue
                room -= member.size
                if room < 0 or len(files) >= MAX_FILES:
                    raise _too_much()
                content = archive.extractfile(member)
                files[member.name] = content.read() if content else b""
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise UserError(
            "`archive` is not a tar file. Make one with: tar cz manifests | base64 -w0",
            code="gate.archive_unreadable",
        ) from error
    return files


def _limited(files: dict[str, bytes]) -> dict[str, bytes]:
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_BYTES:
        raise _too_much()
    return files


def _too_much() -> UserError:
    return UserError(
        f"The manifests are more than {MAX_FILES} files or {MAX_BYTES // 1024 // 1024} MB. "
        "Send only those that the change touches.",
        code="gate.too_much",
    )
