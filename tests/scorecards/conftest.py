"""A GitOps repository with two services, and pushes into it as people make them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

ENTITY = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: {name}
spec: {{type: service, lifecycle: production, owner: {squad}}}
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - name: app
          image: registry.example.com/{name}:1
          ports: [{{name: http, containerPort: 8080}}]
{probes}          resources:
            requests: {{cpu: 100m, memory: 64Mi}}
            limits: {{memory: 64Mi}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec:
  selector: {{app: {name}}}
  ports: [{{name: http, port: 80, targetPort: http}}]
"""
PROBES = """          readinessProbe: {httpGet: {path: /ready, port: http}}
          livenessProbe: {httpGet: {path: /live, port: http}}
"""

SMALL_SCORECARD = """apiVersion: flagstone.dev/v1
kind: Scorecard
metadata: {name: production-readiness, title: Small, description: Probes and requests.}
spec:
  levels: [{name: bronze, title: Bronze, description: It survives.}]
  checks:
    - {id: PB-01, level: bronze, weight: 1}
    - {id: RS-01, level: bronze, weight: 1}
"""


def use_small_scorecard(settings: Any, folder: Path) -> Path:
    """Measure by two checks, so that a test's numbers do not move with the shipped scorecard.

    A service with probes scores 100, without them 50. Returns the scorecard's file.
    """
    shipped = Path(settings.FLAGSTONE_SCORECARDS_DIR)
    shutil.copytree(shipped / "policies", folder / "policies")
    card = folder / "production-readiness.yaml"
    card.write_text(SMALL_SCORECARD)
    settings.FLAGSTONE_SCORECARDS_DIR = folder
    return card


def service_files(name: str, *, probes: bool = True, squad: str = "squad-a") -> dict[str, bytes]:
    """Return a service's folder: its entity and a Deployment, with or without probes."""
    return {
        f"services/{name}/catalog-info.yaml": ENTITY.format(name=name, squad=squad).encode(),
        f"services/{name}/deployment.yaml": DEPLOYMENT.format(
            name=name, probes=PROBES if probes else ""
        ).encode(),
    }


@dataclass
class GitOps:
    """The repository, and what people do to it."""

    repository: Any
    push: Callable[[Mapping[str, bytes | None]], str]
    look: Callable[[], None]


@pytest.fixture
def gitops(admin_user: Any) -> GitOps:
    """Two services, catalogued and scored once: `quote` holds its probes, `checkout` has none."""
    files = service_files("quote") | service_files("checkout", probes=False)
    return begin_gitops(admin_user, {datetime.now(UTC): files})


def begin_gitops(actor: Any, history: Mapping[datetime, Mapping[str, bytes]]) -> GitOps:
    """Take on a repository with a history, catalogue its services and score them once.

    Args:
        actor: Who does it.
        history: What was committed when, the oldest first.
    """
    from flagstone.catalog.actions import register_location
    from flagstone.catalog.pipeline import ingest
    from flagstone.forge.actions import register_code_host, register_repository
    from flagstone.forge.connections import connect
    from flagstone.forge.git.changes import ChangeSet, FileContent
    from flagstone.forge.git.commits import CommitMeta
    from flagstone.forge.git.workspace import GitWorkspace
    from flagstone.forge.models import RepositoryRole
    from flagstone.forge.people import person_of
    from flagstone.forge.pipeline import sync_repository
    from flagstone.scorecards.actions import look_at_repository
    from flagstone.scorecards.pipeline import evaluate_repository

    name = "shop/gitops"
    host = register_code_host(actor=actor, name="local")
    forge = connect(host)

    def change(files: Mapping[str, bytes | None]) -> ChangeSet:
        return ChangeSet({p: None if c is None else FileContent(c) for p, c in files.items()})

    def meta(at: datetime) -> CommitMeta:
        return CommitMeta(subject="Change", body="", author=person_of(actor), at=at)

    def commit(files: Mapping[str, bytes | None], at: datetime) -> str:
        with GitWorkspace(forge.git_remote(name)) as workspace:
            base = workspace.observe().head()
            made = workspace.build_commit(base, change(files), meta(at))
            workspace.push(made, "main", expected=base)
        return made.sha

    first, *later = history.items()
    forge.create_repository(name, description="", files=change(first[1]), meta=meta(first[0]))
    for at, files in later:
        commit(files, at)
    repository = register_repository(
        actor=actor, host=host, full_name=name, role=RepositoryRole.GITOPS
    )
    location = register_location(
        actor=actor, repository=repository, path="services/*/catalog-info.yaml"
    )

    def push(files: Mapping[str, bytes | None]) -> str:
        sha = commit(files, datetime.now(UTC))
        sync_repository(repository.pk)
        ingest(location.pk)
        return sha

    def look() -> None:
        look_at_repository(repository_id=repository.pk, branch="main", reason="test")
        evaluate_repository(repository.pk)

    ingest(location.pk)
    look()
    return GitOps(repository, push, look)
