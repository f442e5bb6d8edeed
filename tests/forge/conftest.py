from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.forge.repositories import make_repository

if TYPE_CHECKING:  # the apps are not ready when pytest imports this
    from flagstone.accounts.models import User
    from flagstone.forge.models import ChangeRequest, CodeHost, PullRequest, Repository


@pytest.fixture
def root(settings: Any) -> Path:
    """The folder of the local code host."""
    return Path(settings.FLAGSTONE_LOCAL_HOST_ROOT)


@pytest.fixture
def host(db: None) -> CodeHost:
    from flagstone.forge.models import CodeHost, HostKind

    return CodeHost.objects.create(name="local", kind=HostKind.LOCAL)


@pytest.fixture
def gitops(host: CodeHost, root: Path, member: User) -> Repository:
    """A registered repository with two files."""
    from flagstone.forge import pipeline

    make_repository(root, {"README.md": "hello\n", "services/a/x.yaml": "x: 1\n"})
    return pipeline.register_existing(requested_by=member, host=host, full_name="acme/gitops")


@pytest.fixture
def bare(gitops: Repository, root: Path) -> Path:
    """The bare folder of `gitops`."""
    return root / "acme/gitops.git"


@pytest.fixture
def change(gitops: Repository, member: User) -> ChangeRequest:
    from flagstone.forge import pipeline

    return pipeline.record_change(
        requested_by=member,
        repository=gitops,
        title="Add checkout",
        body="It takes payments.",
        files={"services/checkout/rollout.yaml": b"kind: Rollout\n", "README.md": b"bye\n"},
        source="scaffold-run:1",
    )


@pytest.fixture
def opened(change: ChangeRequest) -> PullRequest:
    """The pull request of `change`."""
    from flagstone.forge import pipeline

    pull_request = pipeline.ship(change.pk)
    assert pull_request is not None
    return pull_request


@pytest.fixture(autouse=True)
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    """Messages to the workers, kept here instead of in the broker."""
    from flagstone.forge.tasks import ship_change, sync_repository, work_delivery

    sent: list[tuple[str, object]] = []
    for task in (ship_change, sync_repository, work_delivery):
        monkeypatch.setattr(
            task, "delay", lambda argument, name=task.name: sent.append((name, argument))
        )
    return sent


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    """What the forge told its listeners."""
    from flagstone.forge.signals import pull_request_changed, repository_updated

    told: list[dict[str, Any]] = []

    def listen(sender: Any, signal: Any, **values: Any) -> None:
        told.append(values)

    signals = (repository_updated, pull_request_changed)
    for signal in signals:
        signal.connect(listen, weak=False)
    yield told
    for signal in signals:
        signal.disconnect(listen)
