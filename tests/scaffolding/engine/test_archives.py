"""A layer kept as an archive comes back as it was, or not at all."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from flagstone.scaffolding.engine.archives import pack, unpacked
from flagstone.scaffolding.engine.layers import read_layer
from flagstone.scaffolding.engine.rendering import render_layer
from flagstone.scaffolding.errors import TemplateError

TOP = "{{cookiecutter.name}}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "layer"
    (made / TOP / "bin").mkdir(parents=True)
    (made / "cookiecutter.json").write_text('{"name": "checkout"}')
    (made / TOP / "README.md").write_text("# {{ cookiecutter.name }}\n")
    (made / TOP / "logo.png").write_bytes(bytes(range(256)))
    (made / TOP / "bin" / "run@").write_text("#!/bin/sh\n")
    (made / TOP / "bin" / "run@").chmod(0o755)
    (made / TOP / "bin" / "link").symlink_to("../README.md")
    (made / TOP / "folder").symlink_to("bin")
    return made


def test_a_layer_comes_back_and_renders_the_same_tree(folder: Path) -> None:
    layer = read_layer(folder, label="demo")
    before = render_layer(folder, {"name": "quote"})

    with unpacked(pack(layer), label="demo", digest=layer.digest) as again:
        assert (again.digest, again.variables) == (layer.digest, ("name",))
        assert render_layer(again.folder, {"name": "quote"}) == before
        place = again.folder
    assert before.files["bin/run@"].executable
    assert not place.exists()


def test_the_same_files_are_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    first = pack(read_layer(folder, label="demo"))
    for path in folder.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    moved = folder.rename(tmp_path / "elsewhere")

    assert pack(read_layer(moved, label="demo")) == first


def test_a_layer_that_changed_since_it_was_read_is_not_packed(folder: Path) -> None:
    layer = read_layer(folder, label="demo")
    (folder / TOP / "README.md").write_text("changed")

    with pytest.raises(TemplateError, match=f"demo.*version {layer.digest[:12]}"):
        pack(layer)


def _with(name: str, **fields: object) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo(name)
        for field, value in fields.items():
            setattr(member, field, value)
        archive.addfile(member)
    return gzip.compress(packed.getvalue())


@pytest.mark.parametrize(
    "archive",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"no archive", id="no archive"),
        pytest.param(gzip.compress(b"x" * 700), id="no tar"),
        pytest.param(_with("../outside"), id="out of the folder"),
        pytest.param(_with("/etc/passwd"), id="absolute"),
        pytest.param(_with("a", type=tarfile.SYMTYPE, linkname="/etc"), id="link out"),
        pytest.param(_with("cookiecutter.json"), id="other files"),
    ],
)
def test_what_is_not_the_layer_is_refused(archive: bytes) -> None:
    with (
        pytest.raises(TemplateError, match="demo"),
        unpacked(archive, label="demo", digest="0" * 64),
    ):
        pass
