"""What Flagstone ships: files for a repository, on their way to a pull request and into the branch."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from flagstone.forge.git.changes import ChangeSet, FileContent
from flagstone.forge.models.pull_requests import PullRequest
from flagstone.forge.models.repositories import Repository

# a worker that is at a change touches its row more often than this
STUCK_AFTER = timedelta(seconds=20)


class ChangeState(models.TextChoices):
    """Each state names what is done and recorded, so a new worker goes on from there."""

    REQUESTED = "requested", "Requested"
    COMMITTED = "committed", "Committed"
    PUSHED = "pushed", "Pushed"
    REBUILDING = "rebuilding", "Being rebuilt on its target branch"
    DECORATING = "decorating", "Pull request open, labels and reviewers under way"
    OPENED = "opened", "Pull request open"
    MERGED = "merged", "Merged"
    CLOSED = "closed", "Closed without merging"
    NO_CHANGE = "no_change", "Nothing to change"
    NEEDS_ATTENTION = "needs_attention", "Needs attention"
    FAILED = "failed", "Failed"


# a worker has something to do
SHIPPING = (
    ChangeState.REQUESTED,
    ChangeState.COMMITTED,
    ChangeState.PUSHED,
    ChangeState.REBUILDING,
    ChangeState.DECORATING,
)
# its branch is spoken for
ACTIVE = (*SHIPPING, ChangeState.OPENED, ChangeState.NEEDS_ATTENTION)
# somebody has to look before it goes on
HALTED = (ChangeState.NEEDS_ATTENTION, ChangeState.FAILED)


class ChangeRequestQuerySet(models.QuerySet["ChangeRequest"]):
    def shipping(self) -> Self:
        return self.filter(state__in=SHIPPING)

    def stuck(self, now: datetime) -> Self:
        """On their way, due, and not touched for a while: their worker died, or no message came."""
        return self.shipping().filter(not_before__lte=now, touched_at__lte=now - STUCK_AFTER)


class ChangeRequest(models.Model):
    """One pull request in the making; the files are stored with it, so it can always be made again.

    The id is the idempotency key: the same request with the same id is this very row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    repository = models.ForeignKey(
        Repository, on_delete=models.PROTECT, related_name="change_requests"
    )
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    labels = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    reviewers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="reviews_asked_for"
    )
    source = models.CharField(
        max_length=200, blank=True, db_index=True, help_text="what asked, such as scaffold-run:<id>"
    )
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of everything asked for")

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="change_requests"
    )
    # as they were then: the commit must come out the same whenever it is made again
    author_name = models.CharField(max_length=200)
    author_email = models.CharField(max_length=254)

    branch = models.CharField(max_length=255)
    target_branch = models.CharField(max_length=255)
    state = models.CharField(
        max_length=20, choices=ChangeState.choices, default=ChangeState.REQUESTED
    )
    based_on = models.CharField(
        max_length=64,
        blank=True,
        help_text="what its files were worked out on: it is built there, whatever came since",
    )
    base_commit = models.CharField(max_length=64, blank=True)
    commit = models.CharField(
        max_length=64, blank=True, help_text="ours, which its branch holds or is about to"
    )
    built_commits = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        help_text="every one of ours: a push that was given up may still arrive",
    )
    pushed_at = models.DateTimeField(null=True, blank=True, help_text="first seen at the code host")
    pull_request = models.OneToOneField(
        PullRequest,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="change_request",
    )

    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    last_error = models.TextField(blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    warnings = ArrayField(
        models.TextField(),
        default=list,
        blank=True,
        help_text="what could not be added to the pull request, which stands all the same",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    touched_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ChangeRequestQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("repository", "branch"),
                condition=models.Q(state__in=ACTIVE),
                name="one_active_change_per_branch",
            ),
        )
        indexes = (
            models.Index(
                fields=("not_before",),
                condition=models.Q(state__in=SHIPPING),
                name="changes_to_ship",
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.get_state_display()})"

    @property
    def is_shipping(self) -> bool:
        return self.state in SHIPPING

    def change_set(self) -> ChangeSet:
        """Return the stored files as git takes them."""
        return ChangeSet({file.path: file.as_content() for file in self.files.all()})


class ChangedFile(models.Model):
    """One file of a change request as it shall be; without content it shall be gone."""

    change_request = models.ForeignKey(
        ChangeRequest, on_delete=models.CASCADE, related_name="files"
    )
    path = models.CharField(max_length=255)
    content = models.BinaryField(null=True)
    is_executable = models.BooleanField(default=False)

    class Meta:
        ordering = ("path",)
        constraints = (
            models.UniqueConstraint(fields=("change_request", "path"), name="one_content_per_path"),
        )

    def __str__(self) -> str:
        return self.path

    def as_content(self) -> FileContent | None:
        if self.content is None:
            return None
        return FileContent(bytes(self.content), executable=self.is_executable)
