"""People who sign in, and the tokens that machines use in their place."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from flagstone.accounts.roles import Role


class PeopleManager(UserManager["User"]):
    def create_superuser(self, *args: Any, **fields: Any) -> User:
        """As `createsuperuser` calls it: whoever may do everything is of the platform team."""
        return super().create_superuser(*args, **{"role": Role.PLATFORM_ADMIN.value, **fields})


class User(AbstractUser):
    """A person who signs in. Who they are in the organisation stands in the catalogue, under `entity_ref`."""

    role = models.CharField(
        max_length=20, choices=[(r.value, r.label) for r in Role], default=Role.VIEWER.value
    )
    entity_ref = models.CharField(
        max_length=200,
        blank=True,
        db_index=True,
        help_text="the User entity of this person, such as user:default/maria",
    )

    objects: ClassVar[PeopleManager] = PeopleManager()

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        words = self.display_name.replace(".", " ").replace("-", " ").split()
        return "".join(word[0] for word in words[:2]).upper()


class Scope(models.TextChoices):
    READ = "read", "Read everything its owner may read"
    GATE = "gate", "Ask the gate for a verdict"
    SCAFFOLD = "scaffold", "Create services"
    WRITE = "write", "Everything its owner may do"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self, now: datetime) -> ApiTokenQuerySet:
        return self.filter(revoked_at__isnull=True, expires_at__gt=now, user__is_active=True)


class ApiToken(models.Model):
    """A token for the API; only its SHA-256 is stored, the token itself is shown once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, help_text="what uses it, such as 'CI of checkout'")
    prefix = models.CharField(max_length=12, help_text="its first characters, to recognise it by")
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
