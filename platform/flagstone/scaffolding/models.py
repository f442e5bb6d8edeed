"""Uses of scaffolds, and what each service was made from."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from flagstone.core.fields import OrderedJSONField
from flagstone.core.models import Job
from flagstone.forge.models import ChangeRequest, PullRequest, Repository

# a worker that is at a run touches its row more often than this
STUCK_AFTER = timedelta(seconds=30)


class RunState(models.TextChoices):
    """Where a run stands."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting for the merge"
    MERGED = "merged", "Merged"
    DONE = "done", "Done"
    CLOSED = "closed", "Closed without merging"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


# a worker has something to do
AT_WORK = (RunState.QUEUED, RunState.RUNNING)
# it has made what it was to make
MADE = (RunState.MERGED, RunState.DONE)
# it is under way, and the name of what it makes is spoken for
LIVE = (*AT_WORK, RunState.WAITING)


class ScaffoldRunQuerySet(models.QuerySet["ScaffoldRun"]):
    def live(self) -> Self:
        """Those that are under way."""
        return self.filter(state__in=LIVE)

    def holding_a_name(self) -> Self:
        """Those that make a service, so that no other may be called so."""
        return self.live().filter(is_change=False)

    def named(self, service_name: str) -> Self:
        """Those for a service of that name, whatever its letters' case."""
        return self.filter(service_name__iexact=service_name)


class ScaffoldRun(models.Model):
    """One use of a scaffold: from the answers to the merge of its pull request."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scaffold_id = models.CharField(max_length=63, db_index=True)
    scaffold_title = models.CharField(max_length=200)
    scaffold_version = models.CharField(
        max_length=64, help_text="digest of the scaffold that the run was last rendered with"
    )
    answers = OrderedJSONField(help_text="complete and checked; no secret is ever asked for")
    service_name = models.CharField(max_length=63)
    service_ref = models.CharField(max_length=200, db_index=True)
    is_change = models.BooleanField(
        default=False, help_text="it changes what is there: its name is nobody's to hold"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="scaffold_runs"
    )
    idempotency_key = models.CharField(
        max_length=100, blank=True, help_text="the caller's own: asking again gives this run"
    )

    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.QUEUED)
    ending = models.CharField(
        max_length=10,
        choices=RunState.choices,
        blank=True,
        help_text="how it is to end, while what it made is being taken back",
    )
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="scaffold_run")
    gitops_repository = models.ForeignKey(
        Repository, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    repository = models.ForeignKey(
        Repository,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="scaffold_runs",
        help_text="the service's own, once it is made",
    )
    change_request = models.OneToOneField(
        ChangeRequest,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="scaffold_run",
    )
    rendered = OrderedJSONField(
        default=dict, help_text="the provenance of the last rendering, so that it can be repeated"
    )
    outputs = models.JSONField(default=dict, help_text="what the steps gave, by their id")
    attempt = models.PositiveSmallIntegerField(
        default=1, help_text="grows with each resume, so that a new attempt makes a new change"
    )
    tries = models.PositiveSmallIntegerField(
        default=0, help_text="how often a worker took up this attempt"
    )
    undone = models.JSONField(
        default=list, help_text="what was taken back after a failure, in words"
    )
    error_code = models.CharField(max_length=100, blank=True)
    error = models.TextField(blank=True)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    not_before = models.DateTimeField(default=timezone.now, editable=False)
    touched_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ScaffoldRunQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                Lower("service_name"),
                condition=models.Q(state__in=LIVE, is_change=False),
                name="one_live_run_per_service_name",
            ),
            models.UniqueConstraint(
                fields=("requested_by", "idempotency_key"),
                condition=~models.Q(idempotency_key=""),
                name="one_run_per_idempotency_key",
            ),
        )
        indexes = (
            models.Index(fields=("state", "touched_at")),
            models.Index(fields=("scaffold_id", "-created_at")),
        )

    def __str__(self) -> str:
        return f"{self.service_name} from {self.scaffold_id}"

    @property
    def source(self) -> str:
        """What this run is called by those who work for it."""
        return f"scaffold-run:{self.pk}"

    @property
    def change_id(self) -> uuid.UUID:
        """The id of the change request of this attempt, known before there is one."""
        return uuid.uuid5(self.pk, f"pull-request:{self.attempt}")

    @property
    def registration(self) -> dict[str, str]:
        """What was said of the file that the catalogue shall read; empty when none is registered."""
        return next((out for out in self.outputs.values() if "catalogInfoPath" in out), {})

    @property
    def entity_ref(self) -> str:
        """What the catalogue will call the service."""
        return self.registration.get("entityRef", self.service_ref)

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def is_at_work(self) -> bool:
        return self.state in AT_WORK

    @property
    def can_resume(self) -> bool:
        return self.state in (RunState.FAILED, RunState.CLOSED, RunState.CANCELLED)

    @property
    def pull_request(self) -> PullRequest | None:
        return self.change_request.pull_request if self.change_request else None


class Provenance(models.Model):
    """What a service was made from: the base of every later three-way upgrade."""

    entity_ref = models.CharField(max_length=200, unique=True)
    run = models.OneToOneField(
        ScaffoldRun, null=True, on_delete=models.SET_NULL, related_name="provenance"
    )
    scaffold_id = models.CharField(max_length=63, db_index=True)
    scaffold_version = models.CharField(max_length=64)
    answers = OrderedJSONField()
    layers = OrderedJSONField(
        help_text="each layer with its digest and all its values, derived ones and dates included"
    )
    edits = OrderedJSONField(
        default=list, help_text="what the steps did to the files beside rendering layers"
    )
    occasion = models.JSONField(
        null=True, help_text="the clock and the dice that the templates saw"
    )
    repository = models.ForeignKey(
        Repository, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    merge_commit = models.CharField(max_length=64, blank=True, help_text="in the GitOps repository")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("entity_ref",)
        verbose_name_plural = "provenance"

    def __str__(self) -> str:
        return f"{self.entity_ref} from {self.scaffold_id} {self.scaffold_version}"


class LayerArchive(models.Model):
    """A layer as it was when a service was rendered from it; kept for as long as somebody may upgrade from it."""

    digest = models.CharField(max_length=64, primary_key=True)
    label = models.CharField(max_length=200)
    content = models.BinaryField(help_text="gzipped tar, as scaffolding.engine.archives packs it")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("label", "-created_at")

    def __str__(self) -> str:
        return f"{self.label} {self.digest[:12]}"


class TemplateState(models.TextChoices):
    """Where the fetching of a template stands."""

    WAITING = "waiting", "Being fetched"
    READY = "ready", "Ready"
    FAILED = "failed", "Could not be fetched"


class TemplateSource(models.Model):
    """A plain cookiecutter repository that new services can be made from, kept as it was at one commit."""

    scaffold_id = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=100)
    url = models.CharField(
        max_length=300,
        help_text="of the git repository, without credentials; or code-host:owner/name",
    )
    ref = models.CharField(
        max_length=200, blank=True, help_text="branch, tag or commit; empty for the default branch"
    )
    directory = models.CharField(max_length=200, blank=True, help_text="of the template in it")
    state = models.CharField(
        max_length=10, choices=TemplateState.choices, default=TemplateState.WAITING
    )
    error_code = models.CharField(max_length=100, blank=True)
    error = models.TextField(blank=True)
    commit = models.CharField(max_length=64, blank=True, help_text="whose files are kept")
    digest = models.CharField(max_length=64, blank=True, help_text="of the files that are kept")
    content = models.BinaryField(
        null=True, help_text="gzipped tar, as scaffolding.engine.archives packs it"
    )
    code_commit = models.CharField(
        max_length=64,
        blank=True,
        help_text="the commit whose hooks and extensions may run, in a jail; no other's do",
    )
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    fetched_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now, editable=False)
    touched_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("title", "scaffold_id")
        indexes = (models.Index(fields=("state", "touched_at")),)

    def __str__(self) -> str:
        return f"{self.scaffold_id} from {self.url}"

    @property
    def runs_code(self) -> bool:
        """Whether the platform team lets the code of the very commit that is kept run."""
        return bool(self.commit) and self.code_commit == self.commit
