"""The manifests of a request: one text, files by path, or a base64 tar archive. Pure, and within limits."""

from __future__ import annotations

import base64
import io
import tarfile
import zlib
from collections.abc import Mapping

from flagstone.core.errors import UserError

MAX_BYTES = 5 * 1024 * 1024
MAX_FILES = 2_000
TEXT_NAME = "manifests.yaml"
GZIP = b"\x1f\x8b"
# a header and the padding of its content
TAR_OVERHEAD = 1024


def from_text(text: str) -> dict[str, bytes]:
    """Return one text as the one file that it is."""
    return from_files({TEXT_NAME: text})


def from_files(files: Mapping[str, str]) -> dict[str, bytes]:
    """Return texts by path."""
    if len(files) > MAX_FILES:
        raise _too_much()
    found = {_name(path): _bytes(path, text) for path, text in files.items()}
    if sum(map(len, found.values())) > MAX_BYTES:
        raise _too_much()
    return found


def from_archive(encoded: str) -> dict[str, bytes]:
    """Return the regular files of a base64 tar, plain or gzipped; links and devices are left out."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise UserError("`archive` is not base64.", code="gate.archive_unreadable") from error
    try:
        with tarfile.open(fileobj=io.BytesIO(_unzipped(raw)), mode="r:") as archive:
            files = _regular_files(archive)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise _unreadable() from error
    if not files:
        raise UserError(
            "`archive` holds no file. Pack the folder with the manifests, not links to them.",
            code="gate.archive_empty",
        )
    return files


def _regular_files(archive: tarfile.TarFile) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    room = MAX_BYTES
    for member in archive:
        if not member.isfile():
            continue
        room -= member.size  # unpacked: of a sparse file far more than the archive has bytes
        if len(files) >= MAX_FILES or room < 0:
            raise _too_much()
        name = _name(member.name)
        if name in files:
            raise UserError(f"`archive` holds {name} twice.", code="gate.archive_unreadable")
        content = archive.extractfile(member)
        files[name] = content.read() if content else b""
    return files


def _unzipped(raw: bytes) -> bytes:
    """Unpack gzip, and no further than the limit: a small archive may hold a very large one."""
    if not raw.startswith(GZIP):
        return raw
    room = MAX_BYTES + MAX_FILES * TAR_OVERHEAD
    plain = b""
    while raw:  # gzip may come in parts, which are one after the other one file
        unpacker = zlib.decompressobj(wbits=31)
        try:
            plain += unpacker.decompress(raw, room + 1 - len(plain))
        except zlib.error as error:
            raise _unreadable() from error
        if len(plain) > room:
            raise _too_much()
        if not unpacker.eof:
            raise _unreadable()
        raw = unpacker.unused_data
    return plain


def _name(path: str) -> str:
    if not path or not path.isprintable():
        raise UserError(
            f"A file's name has characters that no path should have: {path[:60]!r}.",
            code="gate.name_invalid",
        )
    return path


def _bytes(path: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise UserError(f"{path} is not text in Unicode.", code="gate.text_invalid") from error


def _unreadable() -> UserError:
    return UserError(
        "`archive` is not a tar file, plain or gzipped. Make one with: tar cz manifests | base64 -w0",
        code="gate.archive_unreadable",
    )


def _too_much() -> UserError:
    return UserError(
        f"The manifests are more than {MAX_FILES} files or {MAX_BYTES // 1024 // 1024} MB. "
        "Send only those that the change touches.",
        code="gate.too_much",
    )
