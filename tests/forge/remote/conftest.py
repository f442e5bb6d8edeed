from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # the apps are not ready when pytest imports this
    from flagstone.accounts.models import User
    from flagstone.forge.models import ChangeRequest
    from tests.forge.remote.worlds import World


@pytest.fixture(params=["github", "gitlab", "gitea", "pagure"])
def far(
    request: pytest.FixtureRequest, db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """A repository on a code host of each kind."""
    from tests.forge.remote.worlds import world

    with world(request.param, tmp_path / "far", monkeypatch) as made:
        yield made


@pytest.fixture
def change(far: World, member: User) -> ChangeRequest:
    from flagstone.forge import pipeline

    return pipeline.record_change(
        requested_by=member,
        repository=far.repository,
        title="Add checkout",
        body="It takes payments. Thanks @mia!",
        files={"services/checkout/rollout.yaml": b"kind: Rollout\n", "README.md": b"bye\n"},
        source="scaffold-run:1",
        labels=("paved-path",),
    )
