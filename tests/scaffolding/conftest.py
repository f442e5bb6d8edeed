from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.forge.repositories import make_repository
from tests.scaffolding.building import write_scaffolds

if TYPE_CHECKING:  # the apps are not ready when pytest imports this
    from flagstone.accounts.models import User
    from flagstone.forge.models import Repository
    from flagstone.scaffolding.models import ScaffoldRun

ANSWERS = {"name": "checkout", "description": "Takes payments", "replicas": 3}


@pytest.fixture
def root(settings: Any) -> Path:
    """The folder of the local code host."""
    return Path(settings.FLAGSTONE_LOCAL_HOST_ROOT)


@pytest.fixture
def scaffolds(settings: Any, tmp_path: Path) -> Path:
    """A folder of scaffolds with `tiny-api` in it, and no policy."""
    settings.FLAGSTONE_SCAFFOLDS_DIR = write_scaffolds(tmp_path / "scaffolds")
    settings.FLAGSTONE_SCORECARDS_DIR = tmp_path / "scorecards"
    settings.FLAGSTONE_SCORECARDS_DIR.mkdir()
    return settings.FLAGSTONE_SCAFFOLDS_DIR


@pytest.fixture
def gitops(db: None, root: Path, member: User) -> Repository:
    """The GitOps repository, which has one service already."""
    from flagstone.forge import pipeline
    from flagstone.forge.models import CodeHost, HostKind, RepositoryRole

    make_repository(root, {"services/quote/deployment.yaml": "kind: Deployment\n"})
    host = CodeHost.objects.create(name="local", kind=HostKind.LOCAL)
    repository = pipeline.register_existing(requested_by=member, host=host, full_name="acme/gitops")
    repository.role = RepositoryRole.GITOPS
    repository.save()
    return repository


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    """Messages to the workers, kept here instead of in the broker."""
    from flagstone.catalog.tasks import ingest_location
    from flagstone.forge.tasks import ship_change, sync_repository
    from flagstone.scaffolding.tasks import execute_run, fetch_template

    kept: list[tuple[str, object]] = []
    for task in (ingest_location, ship_change, sync_repository, execute_run, fetch_template):
        name = task.name.removeprefix("flagstone.")
        monkeypatch.setattr(
            task, "delay", lambda argument, name=name: kept.append((name, argument))
        )
    return kept


@pytest.fixture
def request_run(
    scaffolds: Path, gitops: Repository, sent: list[Any], member: User
) -> Callable[..., ScaffoldRun]:
    """Ask for a run: `request_run(name="quote")`; the worker is not called."""
    from flagstone.scaffolding import actions

    def ask(
        actor: User = member,
        idempotency_key: str = "",
        scaffold_id: str = "tiny-api",
        **answers: Any,
    ) -> ScaffoldRun:
        return actions.request_run(
            actor=actor,
            scaffold_id=scaffold_id,
            answers={**ANSWERS, **answers},
            idempotency_key=idempotency_key,
        )

    return ask


@pytest.fixture
def register_service(db: None) -> Callable[..., Any]:
    """Put something into the catalogue: `register_service("checkout", kind="Group")`."""
    from django.utils import timezone

    from flagstone.catalog.models import Entity, Location

    def register(name: str, *, kind: str = "Component", owner: str = "", **fields: Any) -> Entity:
        location, _ = Location.objects.get_or_create(type="file", path="/catalogue")
        now = timezone.now()
        return Entity.objects.create(
            ref=f"{kind}:default/{name}".lower(),
            api_version="backstage.io/v1alpha1",
            kind=kind,
            namespace="default",
            name=name,
            owner_ref=owner,
            location=location,
            source_path="catalog-info.yaml",
            source_index=0,
            source_line=1,
            fingerprint="x",
            created_at=now,
            changed_at=now,
            **fields,
        )

    return register
