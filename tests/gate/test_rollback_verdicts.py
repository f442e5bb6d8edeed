"""A rollback is the way out of an emergency: the gate tells what it brings back, and holds nobody up for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flagstone.accounts.models import User
from flagstone.delivery import actions
from flagstone.forge import pipeline
from flagstone.forge.models import CodeHost, PullRequest, RepositoryRole
from flagstone.gate.models import PullRequestVerdict
from flagstone.gate.pull_requests.telling import tell_verdict
from tests.delivery.services import service_of
from tests.forge.repositories import make_repository, push_by_hand
from tests.gate.manifests import BARE_ROLLOUT

ROLLOUT = "services/checkout/rollout.yaml"


@pytest.mark.usefixtures("db")
def test_neither_size_nor_policies_stop_a_rollback(
    settings: Any, tmp_path: Path, lead: User, member: User
) -> None:
    root = Path(settings.FLAGSTONE_LOCAL_HOST_ROOT)
    bare = make_repository(root, {ROLLOUT: BARE_ROLLOUT})
    push_by_hand(bare, tmp_path, {ROLLOUT: BARE_ROLLOUT.replace("1.0.0", "1.0.1")})
    host = CodeHost.objects.create(name="local", kind="local")
    repository = pipeline.register_existing(
        requested_by=member, host=host, full_name="acme/gitops", role=RepositoryRole.GITOPS
    )
    service = service_of(repository, "checkout")
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
