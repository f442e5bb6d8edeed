"""What became of a change."""

from __future__ import annotations

from pathlib import Path

from flagstone.forge.models import ChangeRequest
from tests.forge.repositories import git

REPO = "acme/gitops"


def reloaded(change: ChangeRequest) -> ChangeRequest:
    return ChangeRequest.objects.get(pk=change.pk)


def branches(bare: Path) -> list[str]:
    return git(bare, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
