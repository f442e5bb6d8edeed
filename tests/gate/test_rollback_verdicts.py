"""A rollback is the way out of an emergency: the gate tells what it brings back, and holds nobody up for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flagstone.accounts.models import User
from flagstone.catalog.models import Entity, Location
from flagstone.delivery import actions
from flagstone.forge import pipeline
from flagstone.forge.models import CodeHost, PullRequest, RepositoryRole
from flagstone.gate.models import PullRequestVerdict
from flagstone.gate.pull_requests.telling import tell_verdict
from tests.forge.repositories import make_repository, push_by_hand

FOLDER = "services/checkout"
# it has no readinessProbe, which an enforced policy wants
OLD = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: checkout, namespace: shop}
spec:
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout}}
    spec:
      containers:
        - {name: app, image: registry.example.com/checkout:1.0.0}
"""


@pytest.mark.usefixtures("db")
def test_neither_size_nor_policies_stop_a_rollback(
    settings: Any, tmp_path: Path, lead: User, member: User
) -> None:
    root = Path(settings.FLAGSTONE_LOCAL_HOST_ROOT)
    bare = make_repository(root, {f"{FOLDER}/rollout.yaml": OLD})
    push_by_hand(bare, tmp_path, {f"{FOLDER}/rollout.yaml": OLD.replace("1.0.0", "1.0.1")})
    host = CodeHost.objects.create(name="local", kind="local")
    repository = pipeline.register_existing(
        requested_by=member, host=host, full_name="acme/gitops", role=RepositoryRole.GITOPS
    )
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    service = Entity.objects.create(
        ref="component:default/checkout",
        api_version="backstage.io/v1alpha1",
        kind="Component",
        namespace="default",
        name="checkout",
        location=Location.objects.create(
            type="git", path="services/*/catalog-info.yaml", repository=repository
        ),
        source_path=f"{FOLDER}/catalog-info.yaml",
        source_index=0,
        source_line=1,
        fingerprint="x",
        created_at=long_ago,
        changed_at=long_ago,
    )
    rollback = actions.request_rollback(actor=lead, service=service, reason="It answers 500.")
    pipeline.ship(rollback.change_request_id)
    tell_verdict(PullRequest.objects.get().pk)
    verdict = PullRequestVerdict.objects.get()
    assert verdict.decision == "slow"
    assert verdict.reasons[0] == {
        "code": "pull_request.rollback",
        "state": "go",
        "title": "A rollback: neither its size nor a policy stops it",
        "detail": "Flagstone worked it out, and nobody has added to it.",
        "check_id": "",
        "required": False,
    }
    violated = [each for each in verdict.reasons if each["code"] == "policy.violated"]
    assert {(each["state"], each["required"]) for each in violated} == {("slow", False)}
    assert any("readiness" in each["detail"] for each in violated)
