"""What every service was measured against, what came of it, and how that moved."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from flagstone.catalog.models import Entity
from flagstone.forge.models import Repository
from flagstone.scorecards.engine.states import Severity, State

STATES = [(state.value, state.value.replace("_", " ")) for state in State]
SEVERITIES = [(severity.value, severity.name.capitalize()) for severity in Severity]


class ScorecardQuerySet(models.QuerySet["Scorecard"]):
    def current(self) -> ScorecardQuerySet:
        return self.filter(is_current=True)


class Scorecard(models.Model):
    """One version of one scorecard file; a changed file is a new row, so history keeps its rules."""

    slug = models.SlugField(max_length=80)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    digest = models.CharField(
        max_length=64, help_text="SHA-256 of the file and of the policies it was read with"
    )
    source = models.TextField(help_text="the YAML, as it was read")
    levels = models.JSONField(default=list, help_text="names of the levels, lowest first")
    is_current = models.BooleanField(default=False)
    loaded_at = models.DateTimeField(default=timezone.now)

    objects = ScorecardQuerySet.as_manager()

    class Meta:
        ordering = ("slug", "-loaded_at")
        constraints = (
            models.UniqueConstraint(
                fields=("slug", "digest"), name="one_row_per_scorecard_version"
            ),
            models.UniqueConstraint(
                fields=("slug",),
                condition=Q(is_current=True),
                name="one_current_version_per_scorecard",
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.digest[:8]})"


class EvaluationState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Evaluation(models.Model):
    """One look at a repository: from asked for to done, so that a page can say how old a verdict is."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="evaluations")
    state = models.CharField(
        max_length=8, choices=EvaluationState.choices, default=EvaluationState.QUEUED
    )
    commit = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=200, help_text="what asked for it")
    requested_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    services = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("-requested_at",)
        constraints = (
            # a second wish while one waits is the same wish
            models.UniqueConstraint(
                fields=("repository",),
                condition=Q(state="queued"),
                name="one_queued_evaluation_per_repository",
            ),
        )

    def __str__(self) -> str:
        return f"{self.repository} {self.state}"


class ServiceScore(models.Model):
    """Where a service stands on a scorecard now."""

    slug = models.SlugField(max_length=80)
    version = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="+")
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="scores")
    repository = models.ForeignKey(
        Repository, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    commit = models.CharField(max_length=64, blank=True)
    # null: nothing of the scorecard applies to this service
    score = models.PositiveSmallIntegerField(null=True)
    level = models.CharField(
        max_length=40, blank=True, help_text="the highest level held; empty for none"
    )
    level_rank = models.PositiveSmallIntegerField(
        default=0, help_text="0 for none, 1 for the lowest level"
    )
    coverage = models.FloatField(
        null=True, help_text="share of the applicable weight that data decided, 0 to 1"
    )
    counts = models.JSONField(default=dict, help_text="number of checks by state")
    checked_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="when the score, the level or a count last moved")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("slug", "entity"), name="one_score_per_scorecard_and_service"
            ),
        )
        indexes = (models.Index(fields=("slug", "-level_rank", "-score")),)

    def __str__(self) -> str:
        return f"{self.entity} {self.score}"


class CheckResult(models.Model):
    """What one check says of one service now."""

    slug = models.SlugField(max_length=80)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="check_results")
    check_id = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=14, choices=STATES)
    severity = models.CharField(max_length=1, choices=SEVERITIES)
    weight = models.PositiveSmallIntegerField()
    level = models.CharField(max_length=40, blank=True, help_text="the level that asks for it")
    summary = models.TextField(blank=True)
    remedy = models.TextField(blank=True)
    findings = models.JSONField(default=list)
    since = models.DateTimeField(help_text="when it came into this state")

    class Meta:
        ordering = ("check_id",)
        constraints = (
            models.UniqueConstraint(
                fields=("slug", "entity", "check_id"), name="one_result_per_check_and_service"
            ),
        )
        indexes = (models.Index(fields=("slug", "check_id", "state")),)

    def __str__(self) -> str:
        return f"{self.entity} {self.check_id} {self.state}"


class Cause(models.TextChoices):
    """Why a check changed its state."""

    FACT = "fact", "the repository changed"
    RULE = "rule", "the scorecard changed"
    EXEMPTION = "exemption", "an exemption began or ended"
    SCOPE = "scope", "the check began or ceased to concern it"
    LOST_DATA = "lost_data", "its data are missing"


class CheckChange(models.Model):
    """History by change: one row each time a check came into another state, with the cause."""

    slug = models.SlugField(max_length=80)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="check_changes")
    check_id = models.CharField(max_length=40)
    before = models.CharField(max_length=14, choices=STATES, blank=True)
    after = models.CharField(max_length=14, choices=STATES)
    cause = models.CharField(max_length=10, choices=Cause.choices)
    summary = models.TextField(blank=True)
    commit = models.CharField(max_length=64, blank=True)
    score_before = models.PositiveSmallIntegerField(null=True)
    score_after = models.PositiveSmallIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("entity", "-at")),)

    def __str__(self) -> str:
        return f"{self.entity} {self.check_id} {self.before} → {self.after}"


class ScoreSnapshot(models.Model):
    """Where a service stood at the end of a day (UTC); written once, the last write of the day stays."""

    slug = models.SlugField(max_length=80)
    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="score_snapshots")
    day = models.DateField()
    score = models.PositiveSmallIntegerField(null=True)
    level_rank = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("slug", "entity", "day"), name="one_snapshot_per_service_and_day"
            ),
        )
        indexes = (models.Index(fields=("slug", "day")),)

    def __str__(self) -> str:
        return f"{self.entity} {self.day} {self.score}"


class ExemptionState(models.TextChoices):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"
    EXPIRED = "expired"


# a check of a service has one of these at the most
LIVE_EXEMPTIONS = (ExemptionState.PENDING, ExemptionState.APPROVED)


class ExemptionQuerySet(models.QuerySet["Exemption"]):
    def waiting(self, today: date) -> Self:
        """Those that somebody has to decide on while they can still begin."""
        return self.filter(state=ExemptionState.PENDING, expires_on__gte=today)

    def in_force(self, today: date) -> Self:
        return self.filter(state=ExemptionState.APPROVED, expires_on__gte=today)

    def live(self, today: date) -> Self:
        """Those that are asked for or in force."""
        return self.filter(state__in=LIVE_EXEMPTIONS, expires_on__gte=today)

    def standing(self, state: ExemptionState, today: date) -> Self:
        """Those that stand so on a day, as `Exemption.standing_on` says of each."""
        over = Q(state__in=LIVE_EXEMPTIONS, expires_on__lt=today)
        if state == ExemptionState.EXPIRED:
            return self.filter(over | Q(state=state))
        return self.filter(state=state).exclude(over)

    def ended(self, today: date) -> Self:
        """Those that hold no more, or never did."""
        return self.exclude(state__in=LIVE_EXEMPTIONS, expires_on__gte=today)


class Exemption(models.Model):
    """Leave for one service to fail one check until a date, with a reason and a second person's word."""

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE, related_name="exemptions")
    check_id = models.CharField(max_length=40)
    reason = models.TextField()
    state = models.CharField(
        max_length=8, choices=ExemptionState.choices, default=ExemptionState.PENDING
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    expires_on = models.DateField(help_text="the last day it holds (UTC)")

    objects = ExemptionQuerySet.as_manager()

    class Meta:
        ordering = ("-requested_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | ~Q(decided_by=F("requested_by"))
                | Q(state="revoked"),
                name="nobody_approves_their_own_exemption",
            ),
            models.UniqueConstraint(
                fields=("entity", "check_id"),
                condition=Q(state__in=("pending", "approved")),
                name="one_live_exemption_per_check_and_service",
            ),
        )

    def __str__(self) -> str:
        return f"{self.check_id} of {self.entity} until {self.expires_on}"

    def standing_on(self, today: date) -> ExemptionState:
        """Return its state on a day: an end comes by itself, and its row learns of it later."""
        is_over = self.state in LIVE_EXEMPTIONS and self.expires_on < today
        return ExemptionState.EXPIRED if is_over else ExemptionState(self.state)
