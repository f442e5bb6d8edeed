from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.forge.repositories import make_repository
from tests.scaffolding.building import SERVICE_TEMPLATE, write_scaffolds

if TYPE_CHECKING:  # the apps are not ready when pytest imports this
    from django.test import Client

    from flagstone.accounts.models import User
    from flagstone.catalog.models import Entity
    from flagstone.forge.models import PullRequest, Repository
    from flagstone.scaffolding.models import ScaffoldRun

# one more page: a picker, and a question that another one leads to
MORE_QUESTIONS = """\
        - title: Who and what
          properties:
            owner:
              title: Squad
              type: string
              ui:field: OwnerPicker
              ui:options:
                catalogFilter:
                  kind: Group
                allowArbitraryValues: false
            store:
              title: Storage
              type: string
              enum: [none, sql]
              enumNames: [None, SQL - one database for each service]
              default: none
              ui:widget: radio
          dependencies:
            store:
              oneOf:
                - properties:
                    store: {enum: [none]}
                - properties:
                    store: {enum: [sql]}
                    size:
                      title: Size in GB
                      type: integer
                      minimum: 1
                  required: [size]
"""
TEMPLATE = SERVICE_TEMPLATE.replace("      steps:\n", f"{MORE_QUESTIONS}      steps:\n", 1)


@pytest.fixture
def signed_in(client: Client, member: User) -> Client:
    client.force_login(member)
    return client


@pytest.fixture
def scaffolds(settings: Any, tmp_path: Path) -> Path:
    """A folder of scaffolds with `tiny-api` in it, and no policy and no scorecard."""
    (tmp_path / "scorecards" / "policies").mkdir(parents=True)
    settings.FLAGSTONE_SCORECARDS_DIR = tmp_path / "scorecards"
    settings.FLAGSTONE_SCAFFOLDS_DIR = write_scaffolds(tmp_path / "scaffolds", TEMPLATE)
    return settings.FLAGSTONE_SCAFFOLDS_DIR


@pytest.fixture
def root(settings: Any) -> Path:
    """The folder of the local code host."""
    return Path(settings.FLAGSTONE_LOCAL_HOST_ROOT)


@pytest.fixture
def gitops(db: None, root: Path, admin_user: User) -> Repository:
    """The GitOps repository, which has one service already."""
    from flagstone.forge import pipeline
    from flagstone.forge.models import CodeHost, HostKind, RepositoryRole

    make_repository(root, {"services/quote/deployment.yaml": "kind: Deployment\n", "a.txt": "1\n"})
    host = CodeHost.objects.create(name="local", kind=HostKind.LOCAL)
    repository = pipeline.register_existing(
        requested_by=admin_user, host=host, full_name="acme/gitops"
    )
    repository.role = RepositoryRole.GITOPS
    repository.save()
    return repository


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Messages to the workers, kept here instead of in the broker."""
    from flagstone.core.tasks import FlagstoneTask

    kept: list[str] = []

    def keep(self: FlagstoneTask, *args: Any, **options: Any) -> None:
        kept.append(self.name)

    monkeypatch.setattr(FlagstoneTask, "apply_async", keep)
    return kept


@pytest.fixture
def asked_run(
    scaffolds: Path, gitops: Repository, no_broker: list[str], member: User
) -> ScaffoldRun:
    """A run for `checkout` that no worker has taken up yet."""
    from flagstone.scaffolding import actions

    return actions.request_run(
        actor=member, scaffold_id="tiny-api", answers={"name": "checkout"}, idempotency_key="k"
    )


@pytest.fixture
def open_pull(gitops: Repository, no_broker: list[str]) -> Callable[..., PullRequest]:
    """Open a pull request: `open_pull(member, {"a.txt": b"2"}, title="Change a")`."""
    from flagstone.forge import actions, pipeline

    def ship(
        actor: User,
        files: dict[str, bytes | None],
        *,
        title: str = "Change it",
        body: str = "",
        source: str = "test",
    ) -> PullRequest:
        change = actions.request_change(
            actor=actor, repository=gitops, title=title, body=body, files=files, source=source
        )
        found = pipeline.ship(change.pk)
        assert found is not None
        return found

    return ship


@pytest.fixture
def known_service(gitops: Repository) -> Callable[..., Entity]:
    """Have the catalogue know a service of the GitOps repository: `known_service("quote")`."""
    from django.utils import timezone

    from flagstone.catalog.models import Entity, Location

    def register(name: str, *, kind: str = "Component", owner: str = "", **fields: Any) -> Entity:
        location, _ = Location.objects.get_or_create(
            type="git", path="services/*/catalog-info.yaml", repository=gitops
        )
        now = timezone.now()
        return Entity.objects.create(
            ref=f"{kind}:default/{name}".lower(),
            api_version="backstage.io/v1alpha1",
            kind=kind,
            namespace="default",
            name=name,
            owner_ref=owner,
            location=location,
            source_path=f"services/{name}/catalog-info.yaml",
            source_index=0,
            source_line=1,
            fingerprint="x",
            created_at=now,
            changed_at=now,
            **fields,
        )

    return register


@pytest.fixture
def scored(gitops: Repository) -> Callable[..., Any]:
    """Give a service a score: `scored(entity, 91, level="gold", at=now)`."""
    from flagstone.scorecards.models import Scorecard, ServiceScore
    from flagstone.scorecards.selectors import PRODUCTION_READINESS

    def score(entity: Entity, points: int, *, level: str, at: Any) -> ServiceScore:
        version, _ = Scorecard.objects.get_or_create(
            slug=PRODUCTION_READINESS,
            is_current=True,
            defaults={
                "title": "Production readiness",
                "digest": "d",
                "levels": [{"name": "gold", "title": "Gold"}],
            },
        )
        return ServiceScore.objects.create(
            slug=PRODUCTION_READINESS,
            version=version,
            entity=entity,
            repository=gitops,
            score=points,
            level=level,
            level_rank=1,
            counts={"pass": 10},
            checked_at=at,
            changed_at=at,
        )

    return score
