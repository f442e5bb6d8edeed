"""A GitOps repository with one service, whose last change is a bad one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.delivery.services import service_of
from tests.forge.repositories import make_repository, push_by_hand

if TYPE_CHECKING:  # the apps are not ready when pytest imports this
    from flagstone.accounts.models import User
    from flagstone.catalog.models import Entity
    from flagstone.delivery.models import Rollback
    from flagstone.forge.models import Repository

GOOD = "".join(f"line{number}: 1\n" for number in range(1, 21))
BAD = GOOD.replace("line2: 1", "line2: broken")
FOLDER = "services/quote"
ROLLOUT = f"{FOLDER}/rollout.yaml"
REASON = "Checkout answers 500 since the release."


@pytest.fixture
def root(settings: Any) -> Path:
    """The folder of the local code host."""
    return Path(settings.FLAGSTONE_LOCAL_HOST_ROOT)


@pytest.fixture
def bare(root: Path) -> Path:
    return make_repository(
        root,
        {ROLLOUT: GOOD, f"{FOLDER}/catalog-info.yaml": "kind: Component\n", "README.md": "1\n"},
    )


@pytest.fixture
def bad(bare: Path, tmp_path: Path) -> str:
    """The commit that broke the service; a later one is about something else."""
    commit = push_by_hand(bare, tmp_path, {ROLLOUT: BAD}, message="Release 2")
    push_by_hand(bare, tmp_path, {"README.md": "2\n"}, message="Words")
    return commit


@pytest.fixture
def gitops(db: None, bad: str, admin_user: User) -> Repository:
    from flagstone.forge import pipeline
    from flagstone.forge.models import CodeHost, HostKind, RepositoryRole

    host = CodeHost.objects.create(name="local", kind=HostKind.LOCAL)
    repository = pipeline.register_existing(
        requested_by=admin_user, host=host, full_name="acme/gitops"
    )
    repository.role = RepositoryRole.GITOPS
    repository.save()
    return repository


@pytest.fixture
def service(gitops: Repository) -> Entity:
    return service_of(gitops, "quote", title="Quotes")


@pytest.fixture
def ask(service: Entity) -> Callable[..., Rollback]:
    """Ask for the rollback of the service: `ask(lead)`."""
    from flagstone.delivery import actions

    def request(actor: User, **fields: Any) -> Rollback:
        values = {"service": service, "reason": REASON, **fields}
        return actions.request_rollback(actor=actor, **values)

    return request


@pytest.fixture(autouse=True)
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...]]]:
    """Messages to the workers, kept here instead of in the broker."""
    from flagstone.core.tasks import FlagstoneTask

    kept: list[tuple[str, tuple[Any, ...]]] = []

    def keep(self: FlagstoneTask, args: Any = (), kwargs: Any = None, **options: Any) -> None:
        kept.append((self.name, tuple(args)))

    monkeypatch.setattr(FlagstoneTask, "apply_async", keep)
    return kept


@pytest.fixture
def open_and_merge(gitops: Repository, member: User, lead: User) -> Callable[..., str]:
    """Have a member's pull request merged by the lead, and return the merge."""
    from flagstone.forge import actions, pipeline

    def ship(files: dict[str, bytes | None], title: str) -> str:
        change = actions.request_change(
            actor=member, repository=gitops, title=title, body="", files=files, source="test"
        )
        pull = pipeline.ship(change.pk)
        assert pull is not None
        return actions.merge_pull_request(actor=lead, pull_request=pull).merge_commit

    return ship
