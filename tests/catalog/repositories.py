"""A real repository on the local code host, with its row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.forge.repositories import make_repository, push_by_hand

if TYPE_CHECKING:
    from flagstone.forge.models import Repository


class Remote:
    """`push` is what people do past Flagstone; the row learns of it by `see`."""

    def __init__(self, repository: Repository, bare: Path, scratch: Path) -> None:
        self.repository = repository
        self.bare = bare
        self._scratch = scratch

    def push(self, files: dict[str, str | None]) -> str:
        return push_by_hand(self.bare, self._scratch, files)


def make_remote(
    root: Path, scratch: Path, files: dict[str, Any], name: str = "acme/gitops"
) -> Remote:
    from flagstone.forge.models import CodeHost, HostKind, Repository

    bare = make_repository(root, files, full_name=name)
    host, _ = CodeHost.objects.get_or_create(kind=HostKind.LOCAL, defaults={"name": "local"})
    row = Repository.objects.create(host=host, full_name=name, default_branch="main")
    return Remote(row, bare, scratch)
