"""What a service would start as, judged beside what its repository holds; nothing is written."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db(transaction=True)
ANSWERS = {
    "name": "refunds",
    "description": "Gives money back when a payer asks for it.",
    "owner": "group:default/payments-platform",
    "system": "system:default/payments",
    "tier": "1",
}


def test_a_paved_service_would_start_at_gold_and_nothing_is_written():
    from flagstone.accounts.models import User
    from flagstone.config.demo.loading import load
    from flagstone.forge.models import ChangeRequest, Repository
    from flagstone.gate.previews import forecast
    from flagstone.scaffolding.models import ScaffoldRun

    load()
    repositories = Repository.objects.count()
    found = forecast(
        actor=User.objects.get(username="maria"), scaffold_id="python-api", answers=ANSWERS
    )
    assert (found.level.name, found.report.score, found.is_refused) == ("gold", 100, False)
    assert {verdict.state.value for verdict in found.policies} == {"pass"}
    assert "services/refunds/rollout.yaml" in found.preview.rendered.gitops.files
    assert found.preview.can_be_created
    assert Repository.objects.count() == repositories
    assert not ScaffoldRun.objects.exists()
    assert not ChangeRequest.objects.exists()

    taken = forecast(
        actor=User.objects.get(username="maria"),
        scaffold_id="python-api",
        answers={**ANSWERS, "name": "checkout"},
    )
    assert not taken.preview.can_be_created
    assert "checkout" in taken.preview.holder
