"""What a code host lists is looked at name by name: an odd one is left out with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flagstone.accounts.models import User
from flagstone.catalog.discovery.looking import discover
from flagstone.forge.hosts.base import RepositoryEntry
from tests.forge.remote.worlds import KINDS, REPO, world

ODD_NAMES = (
    "acme", "acme/../x", "acme/\xfc x", "--upload-pack=x/y", "acme/.git", "acme/x?y", "acme/x#y",
    "acme/a\0b", "acme/\ud800", "acme/\ufffd", f"acme/{'x' * 400}",
)  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", KINDS)
def test_an_odd_name_ends_no_discovery(
    kind: str, tmp_path: Path, monkeypatch: Any, admin_user: User
) -> None:
    with world(kind, tmp_path / "far", monkeypatch) as far:
        listed = [RepositoryEntry(name, "", "main") for name in (*ODD_NAMES, REPO)]
        monkeypatch.setattr(type(far.forge), "list_repositories", lambda *_: iter(listed))
        *odd, fine = discover(actor=admin_user, host=far.host, owner="acme")
        assert [each.full_name for each in odd] == list(ODD_NAMES)
        assert all(each.has_failed for each in odd)
        # a name alone is a whole one at Pagure, which has no such repository
        refused = odd[1:] if kind == "pagure" else odd
        assert all(
            "Write it as" in each.skipped or "It is `owner/name`" in each.skipped
            for each in refused
        )
        assert (fine.full_name, fine.skipped, fine.is_registered) == (REPO, "", True)
