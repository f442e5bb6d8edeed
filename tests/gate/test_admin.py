from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from flagstone.catalog.models import Entity, Location, LocationType
from flagstone.gate.models import GateDecision


def test_decisions_can_be_read_and_filtered_but_not_written(client: Any, admin_user: Any) -> None:
    location = Location.objects.create(type=LocationType.FILE, path="/catalogue")
    entity = Entity.objects.create(
        ref="component:default/checkout",
        kind="Component",
        name="checkout",
        location=location,
        source_index=0,
        source_line=1,
        created_at=timezone.now(),
        changed_at=timezone.now(),
    )
    for decision, git_ref in (("go", "refs/heads/good"), ("stop", "refs/heads/bad")):
        row = GateDecision.objects.create(
            entity=entity,
            decision=decision,
            git_ref=git_ref,
            asked_by=admin_user,
            expires_at=timezone.now() + timedelta(minutes=30),
        )
    client.force_login(admin_user)

    listing = client.get(reverse("admin:gate_gatedecision_changelist"), {"decision__exact": "stop"})
    page = client.get(reverse("admin:gate_gatedecision_change", args=[row.pk]))
    added = client.get(reverse("admin:gate_gatedecision_add"))

    assert (listing.status_code, page.status_code, added.status_code) == (200, 200, 403)
    assert "refs/heads/bad" in listing.content.decode()
    assert "refs/heads/good" not in listing.content.decode()
    assert "_save" not in page.content.decode()
