"""What the gate said, to whom, and why."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from flagstone.catalog.models import Entity
from flagstone.gate.verdict import Decision


class GateDecision(models.Model):
    """One answer to one question of CI; kept, so that a pull request can point at it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="gate_decisions")
    git_ref = models.CharField(max_length=200, blank=True)
    change = models.CharField(max_length=12, default="feature")
    decision = models.CharField(max_length=4, choices=[(d.value, d.value) for d in Decision])
    reasons = models.JSONField(default=list)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ("-decided_at",)
        indexes = (models.Index(fields=("entity", "-decided_at")),)

    def __str__(self) -> str:
        return f"{self.entity} {self.decision}"
