"""What the gate said, to whom, and why."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from flagstone.catalog.models import Entity
from flagstone.forge.models import PullRequest
from flagstone.gate.verdict import Decision


class PullRequestVerdictQuerySet(models.QuerySet["PullRequestVerdict"]):
    def to_tell(self, now: datetime) -> Self:
        """Those that are not told yet, and due."""
        return self.filter(told_at=None, not_before__lte=now)


class PullRequestVerdict(models.Model):
    """What Flagstone says of an open pull request, and whether it stands where people work."""

    pull_request = models.OneToOneField(
        PullRequest, on_delete=models.CASCADE, related_name="verdict"
    )
    asked = models.CharField(max_length=64, help_text="SHA-256 of what was judged")
    head_commit = models.CharField(max_length=64)
    decision = models.CharField(max_length=4, choices=[(d.value, d.value) for d in Decision])
    reasons = models.JSONField(default=list)
    judged_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    has_comment = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    error = models.TextField(blank=True, help_text="why it could not be told when last tried")

    objects = PullRequestVerdictQuerySet.as_manager()

    class Meta:
        ordering = ("-judged_at",)
        indexes = (
            models.Index(
                fields=("not_before",), condition=models.Q(told_at=None), name="verdicts_to_tell"
            ),
        )

    def __str__(self) -> str:
        return f"{self.pull_request} {self.decision}"


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
