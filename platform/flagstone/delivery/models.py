"""Rollbacks: from the click over the pull request and its merge to a service that is healthy again."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from flagstone.catalog.models import REF_LENGTH, Entity
from flagstone.core.models import Job
from flagstone.forge.models import ChangeRequest


class RollbackState(models.TextChoices):
    ASKED = "asked", "Pull request on its way"
    OPEN = "open", "Waits for the merge"
    MERGED = "merged", "Merged, waits for health"
    HEALTHY = "healthy", "Healthy again"
    UNHEALTHY = "unhealthy", "Merged, and not healthy"
    UNREPORTED = "unreported", "Merged, health not reported"
    CLOSED = "closed", "Closed without merging"
    FAILED = "failed", "Could not be opened"


# nothing is taken back yet
PENDING = (RollbackState.ASKED, RollbackState.OPEN)
# a worker has something to do, or to look for
LIVE = (*PENDING, RollbackState.MERGED)
# the branch is as it was before; a word on the service's health is welcome
TAKEN_BACK = (
    RollbackState.MERGED,
    RollbackState.HEALTHY,
    RollbackState.UNHEALTHY,
    RollbackState.UNREPORTED,
)


class RollbackQuerySet(models.QuerySet["Rollback"]):
    def pending(self) -> Self:
        return self.filter(state__in=PENDING)

    def due(self, now: datetime) -> Self:
        """Those that a worker should look at."""
        found_late = models.Q(
            state=RollbackState.FAILED, change_request__pull_request__isnull=False
        )
        return self.filter(models.Q(state__in=LIVE) | found_late, not_before__lte=now)

    def not_merged(self) -> Self:
        """Those that a merge of their pull request takes further: a failed one's may be found after all."""
        return self.filter(state__in=(*PENDING, RollbackState.FAILED))

    def of(self, entity: Entity) -> Self:
        """Those of a service, the newest first; it may have been away from the catalogue meanwhile."""
        return self.filter(entity_ref=entity.ref)

    def untouched(self) -> Self:
        """Those whose pull request holds what Flagstone made, and nothing else."""
        return self.filter(
            change_request__commit=models.F("change_request__pull_request__head_commit")
        )

    def waiting_for_health(self, repository_id: int, since: datetime) -> Self:
        """Those merged since then, whose service nobody has called healthy yet."""
        return self.filter(
            state__in=TAKEN_BACK,
            healthy_at=None,
            merged_at__gte=since,
            change_request__repository_id=repository_id,
        )


class Rollback(models.Model):
    """One change of a service's folder in the GitOps repository, taken back by a pull request.

    `reverted_*` and `folder` are as they were when it was asked for. From the opening on it is the code host's clock
    that measures; its hour is put right by ours.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entity = models.ForeignKey(
        Entity, null=True, on_delete=models.SET_NULL, related_name="rollbacks"
    )
    entity_ref = models.CharField(max_length=REF_LENGTH, db_index=True)
    folder = models.CharField(max_length=500)
    reverted_commit = models.CharField(max_length=64)
    reverted_title = models.CharField(max_length=200)
    reverted_author = models.CharField(max_length=200)
    reverted_at = models.DateTimeField()
    change_request = models.OneToOneField(
        ChangeRequest, on_delete=models.PROTECT, related_name="rollback"
    )
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="rollback")

    reason = models.TextField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rollbacks"
    )
    idempotency_key = models.CharField(max_length=100, blank=True)
    merge_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="in whose name it is merged as soon as that is allowed; nobody: people merge it",
    )
    is_merged_alone = models.BooleanField(
        default=False, help_text="merged without anybody else's eyes, as an emergency"
    )
    merge_commit = models.CharField(max_length=64, blank=True)
    health_source = models.CharField(
        max_length=255, blank=True, help_text="the status that spoke of its health last"
    )
    health_note = models.TextField(blank=True, help_text="what it said")
    healthy_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="who said so, where no status did",
    )

    clicked_at = models.DateTimeField(default=timezone.now)
    promised_by = models.DateTimeField(help_text="when the service should be healthy again")
    opened_at = models.DateTimeField(null=True, blank=True)
    merged_at = models.DateTimeField(null=True, blank=True)
    healthy_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was closed, failed, or given up on"
    )

    state = models.CharField(
        max_length=12, choices=RollbackState.choices, default=RollbackState.ASKED
    )
    note = models.TextField(blank=True, help_text="what it waits for, or why it did not work")
    note_code = models.CharField(max_length=100, blank=True)
    tries = models.PositiveSmallIntegerField(default=0, help_text="to merge it")
    not_before = models.DateTimeField(default=timezone.now)

    objects = RollbackQuerySet.as_manager()

    class Meta:
        ordering = ("-clicked_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("entity_ref",),
                condition=models.Q(state__in=PENDING),
                name="one_pending_rollback_per_service",
            ),
            models.UniqueConstraint(
                fields=("asked_by", "idempotency_key"),
                condition=~models.Q(idempotency_key=""),
                name="one_rollback_per_idempotency_key",
            ),
        )
        indexes = (
            models.Index(
                fields=("not_before",),
                condition=models.Q(state__in=LIVE),
                name="rollbacks_to_carry_out",
            ),
            models.Index(fields=("merge_commit",)),
        )

    def __str__(self) -> str:
        return f"Rollback of {self.entity_ref} ({self.get_state_display()})"

    @property
    def service_name(self) -> str:
        """What people call the service, also when the catalogue has forgotten it."""
        return self.entity.display_name if self.entity else self.entity_ref.rpartition("/")[2]

    @property
    def is_pending(self) -> bool:
        return self.state in PENDING

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def is_taken_back(self) -> bool:
        return self.state in TAKEN_BACK

    @property
    def promise(self) -> timedelta:
        return self.promised_by - self.clicked_at

    @property
    def took(self) -> timedelta | None:
        """From the click to health; None until then."""
        return self.healthy_at - self.clicked_at if self.healthy_at else None

    @property
    def kept_promise(self) -> bool | None:
        """None where nobody can tell: it was closed or failed, nobody reported health, or it is under way in time."""
        if self.healthy_at:
            return self.healthy_at <= self.promised_by
        is_late = self.state == RollbackState.UNHEALTHY or (
            self.is_live and timezone.now() > self.promised_by
        )
        return False if is_late else None
