"""What code hosts sent: each delivery once, with what is to be read again for it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from flagstone.forge.models.code_hosts import CodeHost
from flagstone.forge.models.repositories import Repository

KEPT_FOR = timedelta(days=30)
# a message is at a worker sooner, or it is lost
LOST_AFTER = timedelta(seconds=20)


class DeliveryState(models.TextChoices):
    RECEIVED = "received", "Received"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    IGNORED = "ignored", "Ignored"


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def lost(self, now: datetime) -> Self:
        """Due, and nobody is at them: their worker died, or no message came."""
        return self.filter(
            state=DeliveryState.RECEIVED, not_before__lte=now, touched_at__lte=now - LOST_AFTER
        )

    def outlived(self, now: datetime) -> Self:
        return self.filter(received_at__lt=now - KEPT_FOR)

    def covered_by(self, other: WebhookDelivery) -> Self:
        """Those that wait to have read what the work on another one read, which began after they arrived."""
        found = self.filter(
            repository=other.repository_id,
            state=DeliveryState.RECEIVED,
            received_at__lt=other.begun_at,
            pull_requests__contained_by=other.pull_requests,
            commits__contained_by=other.commits,
        )
        return found if other.reads_repository else found.filter(reads_repository=False)


class WebhookDelivery(models.Model):
    """One delivery as it came, proven; a repeated one is this very row.

    The times that are compared with each other are the database's: web and workers may run on several machines.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host = models.ForeignKey(CodeHost, on_delete=models.CASCADE, related_name="deliveries")
    delivery_id = models.CharField(max_length=200, help_text="the code host's own name for it")
    event = models.CharField(max_length=255)
    action = models.CharField(max_length=255, blank=True)
    repository_name = models.CharField(
        max_length=255, blank=True, help_text="as the code host says"
    )
    repository = models.ForeignKey(
        Repository, null=True, blank=True, on_delete=models.SET_NULL, related_name="deliveries"
    )
    headers = models.JSONField(default=dict, help_text="those that help to find a fault")
    payload = models.BinaryField(help_text="the body as it came, without the secret")

    pull_requests = ArrayField(
        models.PositiveIntegerField(), default=list, blank=True, help_text="numbers to read again"
    )
    commits = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        help_text="the pull requests that end in one are to be read again",
    )
    reads_repository = models.BooleanField(
        default=False, help_text="branches moved, or its settings changed"
    )

    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.RECEIVED
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(db_default=Now())
    error = models.TextField(blank=True)
    received_at = models.DateTimeField(db_default=Now(), editable=False)
    touched_at = models.DateTimeField(default=timezone.now, editable=False)
    begun_at = models.DateTimeField(null=True, blank=True, help_text="the last attempt")
    worked_at = models.DateTimeField(null=True, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        ordering = ("-received_at",)
        verbose_name_plural = "webhook deliveries"
        constraints = (
            models.UniqueConstraint(
                fields=("host", "delivery_id"), name="one_row_per_webhook_delivery"
            ),
        )
        indexes = (
            models.Index(
                fields=("not_before",),
                condition=models.Q(state=DeliveryState.RECEIVED),
                name="deliveries_to_work",
            ),
            models.Index(
                fields=("repository",),
                condition=models.Q(state=DeliveryState.RECEIVED),
                name="deliveries_of_a_repository",
            ),
            models.Index(fields=("-received_at",)),
        )

    def __str__(self) -> str:
        return f"{self.event} {self.delivery_id}"
