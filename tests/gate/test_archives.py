"""Archives that CI sends, and those that nobody should send."""

from __future__ import annotations

import base64
import gzip
import io
import tarfile
import time
import tracemalloc

import pytest

from flagstone.core.errors import UserError
from flagstone.gate.archives import MAX_FILES, from_archive


def member(name: str, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def sent(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


ONE = (member("a.yaml"), b"kind: A\n")


def refused(raw: bytes) -> str:
    begun = time.perf_counter()
    tracemalloc.start()
    try:
        with pytest.raises(UserError) as error:
            from_archive(sent(raw))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - begun < 5
    assert peak < 200 * 1024 * 1024
    return error.value.code


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_files_are_read(pack) -> None:
    raw = pack(tar(ONE, (member("deep/b.yaml"), b"kind: B\n")))
    assert from_archive(sent(raw)) == {"a.yaml": b"kind: A\n", "deep/b.yaml": b"kind: B\n"}


def test_gzip_in_several_parts_is_one_archive() -> None:
    raw = tar(ONE)
    parts = gzip.compress(raw[:700]) + gzip.compress(raw[700:])
    assert from_archive(sent(parts)) == {"a.yaml": b"kind: A\n"}


def test_what_is_no_file_is_left_out() -> None:
    others = [
        (member("folder", type=tarfile.DIRTYPE), b""),
        (member("link.yaml", type=tarfile.SYMTYPE, linkname="/etc/passwd"), b""),
        (member("hard.yaml", type=tarfile.LNKTYPE, linkname="a.yaml"), b""),
        (member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3), b""),
        (member("disk", type=tarfile.BLKTYPE), b""),
        (member("pipe", type=tarfile.FIFOTYPE), b""),
    ]
    assert from_archive(sent(tar(*others, ONE))) == {"a.yaml": b"kind: A\n"}
    assert refused(tar(*others)) == "gate.archive_empty"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        pytest.param(b"", "gate.archive_unreadable", id="nothing"),
        pytest.param(tar(), "gate.archive_empty", id="no member"),
        pytest.param(b"x" * 2000, "gate.archive_unreadable", id="noise"),
        pytest.param(tar(ONE)[:600], "gate.archive_unreadable", id="cut"),
        pytest.param(gzip.compress(tar(ONE))[:-9], "gate.archive_unreadable", id="cut gzip"),
        pytest.param(b"\x1f\x8b" + b"x" * 90, "gate.archive_unreadable", id="broken gzip"),
        pytest.param(tar(ONE, ONE), "gate.archive_unreadable", id="a name twice"),
        pytest.param(tar((member("a\nb.yaml"), b"")), "gate.name_invalid", id="line break in name"),
        pytest.param(tar((member("a.yaml"), bytes(6 << 20))), "gate.too_much", id="large file"),
    ],
)
def test_what_cannot_be_read_is_refused(raw: bytes, code: str) -> None:
    assert refused(raw) == code


def test_a_small_archive_of_a_large_file_is_refused() -> None:
    assert refused(gzip.compress(tar((member("a.yaml"), bytes(200 << 20))))) == "gate.too_much"


@pytest.mark.parametrize("count", [MAX_FILES + 1, 100_000])
def test_too_many_files_are_refused(count: int) -> None:
    header = tar((member("0000000.yaml"), b""))[:512]
    headers = b"".join(renamed(header, f"{number:07}.yaml") for number in range(count))
    assert refused(gzip.compress(headers + bytes(1024), compresslevel=1)) == "gate.too_much"


def renamed(header: bytes, name: str) -> bytes:
    named = name.encode() + header[len(name) :]
    blank = named[:148] + b" " * 8 + named[156:]
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]


def test_a_sparse_file_that_would_unpack_to_a_terabyte_is_refused() -> None:
    info = member("hole.yaml", type=tarfile.GNUTYPE_SPARSE)
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"%011o\0%011o\0" % (0, 0)  # one piece of no bytes
    header[483:495] = b"%011o\0" % (8**11 - 1)  # of a file of 8 GB
    raw = renamed(bytes(header), "hole.yaml") + bytes(1024)
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        (only,) = archive.getmembers()
        assert (only.isfile(), only.size) == (True, 8**11 - 1)
    assert refused(raw) == "gate.too_much"
