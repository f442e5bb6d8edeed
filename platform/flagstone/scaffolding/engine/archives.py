"""A layer as one archive: what a service was rendered from is kept, whatever becomes of the scaffolds' folder."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from flagstone.scaffolding.engine.jobs import LayerKind
from flagstone.scaffolding.engine.layers import Layer, layer_files, read_layer
from flagstone.scaffolding.errors import TemplateError


def pack(layer: Layer) -> bytes:
    """Return a layer's files as a gzipped tar; of one digest always the very same bytes.

    Raises:
        TemplateError: Its files changed since it was read.
    """
    archive = pack_folder(layer.folder, layer.label)
    with unpacked(archive, label=layer.label, digest=layer.digest, kind=layer.kind):
        return archive


def pack_folder(folder: Path, label: str) -> bytes:
    """Return a folder's files as a gzipped tar, within the limits of a layer."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, executable, content in layer_files(folder, label):
            member, data = tarfile.TarInfo(path), content
            link = path.removesuffix("@")
            if link != path and (folder / link).is_symlink():
                member, data = tarfile.TarInfo(link), b""
                member.type = tarfile.SYMTYPE
                member.linkname = os.path.relpath(content.decode(), start=Path(link).parent)
            elif (folder / path).is_symlink():
                continue  # the file that it leads to has a place of its own
            member.mode = 0o755 if executable else 0o644
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), mtime=0)


@contextlib.contextmanager
def unpacked(
    archive: bytes, *, label: str, digest: str, kind: LayerKind = LayerKind.COOKIECUTTER
) -> Iterator[Layer]:
    """Give a layer back from its archive, in a folder that lives as long as the context.

    Raises:
        TemplateError: What is in it is not the layer of that digest.
    """
    with tempfile.TemporaryDirectory(prefix="flagstone-layer-") as folder:
        # a jail reads it as another user
        Path(folder).chmod(0o755)
        unpack_into(Path(folder), archive, label=label)
        layer = read_layer(Path(folder), label=label, kind=kind)
        if layer.digest != digest:
            raise TemplateError(
                f"its files are not those of version {digest[:12]} any more", file=label
            )
        yield layer


def unpack_into(folder: Path, archive: bytes, *, label: str) -> None:
    """Write what `pack_folder` packed into a folder.

    Raises:
        TemplateError: It is no such archive.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive))) as members:
            members.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise TemplateError(f"its archive cannot be read: {error}", file=label) from error
