"""Pull requests of everybody: the raw material of reviews, sizes and habits."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from flagstone.forge.hosts.base import PullRequestState
from flagstone.forge.models.repositories import Repository


class PullRequestQuerySet(models.QuerySet["PullRequest"]):
    def open(self) -> Self:
        return self.filter(state=PullRequestState.OPEN)

    def merged(self) -> Self:
        return self.filter(state=PullRequestState.MERGED)

    def waiting_for_review(self) -> Self:
        """Open, ready, and nobody but the author has said anything."""
        return self.open().filter(is_draft=False, first_review_at=None)


class PullRequest(models.Model):
    """A pull request as its code host last described it; never edited here."""

    repository = models.ForeignKey(
        Repository, on_delete=models.CASCADE, related_name="pull_requests"
    )
    number = models.PositiveIntegerField()
    title = models.TextField()
    body = models.TextField(blank=True)
    source_branch = models.CharField(max_length=255)
    target_branch = models.CharField(max_length=255)
    state = models.CharField(
        max_length=10, choices=[(state.value, state.value) for state in PullRequestState]
    )
    is_draft = models.BooleanField(default=False)
    labels = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    author_login = models.CharField(max_length=150)
    author_name = models.CharField(max_length=200, blank=True)
    author_is_bot = models.BooleanField(default=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="pull_requests",
    )
    closed_by_login = models.CharField(max_length=150, blank=True, help_text="who merged or closed")

    head_commit = models.CharField(max_length=64)
    base_commit = models.CharField(max_length=64)
    merge_commit = models.CharField(max_length=64, blank=True)

    additions = models.PositiveIntegerField(null=True, blank=True)
    deletions = models.PositiveIntegerField(null=True, blank=True)
    files = models.PositiveIntegerField(null=True, blank=True)
    size = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="changed lines without lock, vendored, generated, snapshot and test data files",
    )
    has_conflict = models.BooleanField(
        null=True, blank=True, help_text="as far as the code host tells"
    )
    measured_commit = models.CharField(max_length=64, blank=True)

    url = models.CharField(max_length=500, blank=True, help_text="its page at the code host")
    began_at = models.DateTimeField(
        null=True, blank=True, help_text="when its branch's first own commit was written"
    )
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)
    first_review_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    merged_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = PullRequestQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("repository", "number"), name="one_pull_request_per_number"
            ),
        )
        indexes = (
            models.Index(fields=("state", "-opened_at")),
            models.Index(fields=("repository", "updated_at")),
            models.Index(fields=("author_login", "-opened_at")),
            models.Index(fields=("merged_at",)),
        )

    def __str__(self) -> str:
        return f"{self.repository.full_name}#{self.number}"

    @property
    def is_open(self) -> bool:
        return self.state == PullRequestState.OPEN

    @property
    def is_merged(self) -> bool:
        return self.state == PullRequestState.MERGED
