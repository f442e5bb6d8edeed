"""A GitOps repository with two services, and pushes into it as people make them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

ENTITY = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: {name}
spec: {{type: service, lifecycle: production, owner: squad-a}}
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


def service_files(name: str, *, probes: bool = True) -> dict[str, bytes]:
    """Return a service's folder: its entity and a Deployment, with or without probes."""
    return {
        f"services/{name}/catalog-info.yaml": ENTITY.format(name=name).encode(),
        f"services/{name}/deployment.yaml": DEPLOYMENT.format(
            name=name, probes=PROBES if probes else ""
        ).encode(),
    }


@dataclass
class GitOps:
    """The repository, and what people do to it."""

    repository: Any
    push: Callable[[dict[str, bytes | None]], str]
    look: Callable[[], None]


@pytest.fixture
def gitops(admin_user: Any) -> GitOps:
    """Two services, catalogued and scored once: `quote` holds its probes, `checkout` has none."""
    from datetime import UTC, datetime

    from flagstone.catalog.actions import register_location
    from flagstone.catalog.pipeline import ingest
    from flagstone.forge.actions import create_repository, register_code_host
    from flagstone.forge.connections import connect, person_of
    from flagstone.forge.git.changes import ChangeSet, FileContent
    from flagstone.forge.git.commits import CommitMeta
    from flagstone.forge.git.workspace import GitWorkspace
    from flagstone.forge.models import RepositoryRole
    from flagstone.forge.pipeline import sync_repository
    from flagstone.scorecards.actions import look_at_repository
    from flagstone.scorecards.pipeline import evaluate_repository

    host = register_code_host(actor=admin_user, name="local")
    repository = create_repository(
        actor=admin_user,
        host=host,
        full_name="shop/gitops",
        files=service_files("quote") | service_files("checkout", probes=False),
        role=RepositoryRole.GITOPS,
    )
    location = register_location(
        actor=admin_user, repository=repository, path="services/*/catalog-info.yaml"
    )

    def push(files: dict[str, bytes | None]) -> str:
        remote = connect(host).git_remote(repository.full_name)
        changes = ChangeSet({p: None if c is None else FileContent(c) for p, c in files.items()})
        meta = CommitMeta(
            subject="Change", body="", author=person_of(admin_user), at=datetime.now(UTC)
        )
        with GitWorkspace(remote) as workspace:
            base = workspace.observe().head()
            workspace.fetch(base)
            commit = workspace.build_commit(base, changes, meta)
            workspace.push(commit, "main", expected=base)
        sync_repository(repository.pk)
        ingest(location.pk)
        return commit.sha

    def look() -> None:
        look_at_repository(repository_id=repository.pk, branch="main", reason="test")
        evaluate_repository(repository.pk)

    ingest(location.pk)
    look()
    return GitOps(repository, push, look)
