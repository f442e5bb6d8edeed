"""The audit chain and the jobs that people watch."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class AuditEntry(models.Model):
    """One act of somebody; append-only (a database trigger refuses UPDATE, DELETE and TRUNCATE).

    `hash` is the SHA-256 over the canonical JSON of this entry and the hash of the one before, see
    `flagstone.core.audit`.
    """

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(
        max_length=150, help_text="user name, or 'flagstone' for the system itself"
    )
    action = models.CharField(
        max_length=100, help_text="what was done, such as scaffolding.run_requested"
    )
    subject = models.CharField(
        max_length=300, help_text="what it was done to, such as component:default/checkout"
    )
    data = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("-sequence",)
        verbose_name_plural = "audit entries"
        indexes = (
            models.Index(fields=("action", "-sequence")),
            models.Index(fields=("actor", "-sequence")),
            models.Index(fields=("subject", "-sequence")),
        )

    def __str__(self) -> str:
        return f"{self.sequence} {self.actor} {self.action} {self.subject}"


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StepState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


class Job(models.Model):
    """Long work that a person can watch: its state, steps and log survive a reload and a restart."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("state", "kind")),)

    def __str__(self) -> str:
        return self.title

    @property
    def is_finished(self) -> bool:
        return self.state in {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


class JobStep(models.Model):
    """One step of a job; `key` is stable, so a resumed job finds the steps that are done."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=StepState.choices, default=StepState.WAITING)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("job", "key"), name="one_step_per_key"),
            models.UniqueConstraint(fields=("job", "position"), name="one_step_per_position"),
        )

    def __str__(self) -> str:
        return self.title


class JobLine(models.Model):
    """A line of a job's log; readers ask for the ids after the last they have."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="lines")
    step = models.ForeignKey(JobStep, null=True, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField(default=timezone.now)
    level = models.CharField(max_length=8, default="info")
    text = models.TextField()

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("job", "id")),)

    def __str__(self) -> str:
        return self.text
