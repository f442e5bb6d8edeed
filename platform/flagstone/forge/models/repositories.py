"""The repositories that Flagstone works with."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from flagstone.forge.models.code_hosts import CodeHost


class RepositoryRole(models.TextChoices):
    """What a repository is for, which decides who reads it."""

    SERVICE = "service", "A service's own code"
    GITOPS = "gitops", "GitOps: what runs, and how"
    CATALOG = "catalog", "Catalogue files"


class RepositoryQuerySet(models.QuerySet["Repository"]):
    def seen(self) -> Self:
        """Those that were there at least once; the others are still being made."""
        return self.exclude(head_commit="")

    def ready(self) -> Self:
        """Those that were there when we last looked."""
        return self.seen().filter(problem="")

    def gitops(self) -> Self:
        """Those whose default branch says what runs."""
        return self.filter(role=RepositoryRole.GITOPS)

    def named(self, full_name: str) -> Self:
        """The repository of that name, whatever its letters' case."""
        return self.filter(full_name__iexact=full_name)


class Repository(models.Model):
    """A repository that Flagstone works with; `head_commit` is empty until it was first seen."""

    host = models.ForeignKey(CodeHost, on_delete=models.PROTECT, related_name="repositories")
    full_name = models.CharField(max_length=255, help_text="owner/name")
    description = models.TextField(blank=True)
    role = models.CharField(
        max_length=10, choices=RepositoryRole.choices, default=RepositoryRole.SERVICE
    )
    default_branch = models.CharField(max_length=255, blank=True)
    head_commit = models.CharField(
        max_length=64, blank=True, help_text="of the default branch, as last seen"
    )
    source = models.CharField(
        max_length=200, blank=True, help_text="what made it, such as scaffold-run:<id>"
    )
    problem = models.TextField(blank=True, help_text="why it could not be read when last tried")
    problem_code = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    synced_at = models.DateTimeField(null=True, blank=True)
    pulls_seen_until = models.DateTimeField(
        null=True, blank=True, help_text="every pull request changed before it was looked at"
    )

    objects = RepositoryQuerySet.as_manager()

    class Meta:
        ordering = ("full_name",)
        verbose_name_plural = "repositories"
        constraints = (
            models.UniqueConstraint(
                "host",
                Lower("full_name"),
                name="repository_names_are_unique",
                violation_error_message="There is a repository of that name already.",
            ),
        )

    def __str__(self) -> str:
        return self.full_name

    @property
    def owner(self) -> str:
        """Who has it: at GitLab perhaps a group in a group."""
        return self.full_name.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.full_name.rpartition("/")[2]
