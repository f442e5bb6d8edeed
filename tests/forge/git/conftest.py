from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forge.git.http_host import TOKEN, HttpHost
from tests.forge.repositories import make_repository
from tests.git_http import serving

FILES = {"README.md": "hello\n", "services/a/x.yaml": "x: 1\n"}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[HttpHost]:
    """A code host over HTTP with one repository, `acme/gitops`; `bot` may push there, `reader` may not."""
    bare = make_repository(tmp_path / "host", FILES)
    users = {"bot": TOKEN, "reader": TOKEN}
    with serving(tmp_path / "host", users=users, read_only={"reader"}) as server:
        yield HttpHost(server, bare)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that workspaces are made in."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder
