"""Code hosts, what they entrust to Flagstone, and who people are there."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class HostKind(models.TextChoices):
    LOCAL = "local", "Local (bare repositories on disk)"
    GITHUB = "github", "GitHub, or GitHub Enterprise"
    GITLAB = "gitlab", "GitLab"
    GITEA = "gitea", "Gitea"
    FORGEJO = "forgejo", "Forgejo"
    PAGURE = "pagure", "Pagure"


class CodeHost(models.Model):
    """Where repositories live; `kind` says which adapter speaks to it."""

    name = models.SlugField(max_length=60, unique=True, help_text="what people call it")
    kind = models.CharField(max_length=20, choices=HostKind.choices)
    web_url = models.CharField(
        "address",
        max_length=255,
        blank=True,
        help_text="of its pages, such as https://github.com; none for the local one",
    )
    user_name = models.CharField(
        max_length=100,
        blank=True,
        help_text="the account that Flagstone's token belongs to; not for a GitHub App",
    )
    email = models.EmailField(
        blank=True,
        help_text="of that account: commits by Flagstone carry it, and are shown as verified only with it",
    )
    app_id = models.CharField(
        "app ID", max_length=20, blank=True, help_text="of a GitHub App, in the place of a token"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=("kind",),
                condition=models.Q(kind=HostKind.LOCAL),
                name="one_local_code_host",
                violation_error_message="There is a local code host already; it has one folder.",
            ),
            models.UniqueConstraint(
                Lower("web_url"),
                condition=~models.Q(kind=HostKind.LOCAL),
                name="one_code_host_per_address",
                violation_error_message="There is a code host with this address already.",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=HostKind.LOCAL, web_url="")
                | (~models.Q(kind=HostKind.LOCAL) & ~models.Q(web_url="")),
                name="remote_code_hosts_have_an_address",
                violation_error_message=(
                    "A code host has an address, such as https://github.com; the local one has none."
                ),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.kind == HostKind.PAGURE and not self.user_name:
            words = "Give the user name of the token's account: at Pagure git signs in with it."
            raise ValidationError({"user_name": words})

    @property
    def is_local(self) -> bool:
        return self.kind == HostKind.LOCAL


class SecretPurpose(models.TextChoices):
    TOKEN = "token", "Access token"
    APP_KEY = "app-key", "Private key of the GitHub App"
    WEBHOOK = "webhook", "Secret of the webhooks"
    SIGNING_KEY = "signing-key", "ssh key that signs commits"


# while the webhooks at a code host are being changed over, the old secret must hold as well
_KEPT_WEBHOOK_SECRETS = 2
# Pagure makes them itself, another one for each project
_KEPT_WEBHOOK_SECRETS_OF_PAGURE = 50


def most_secrets(host: CodeHost, purpose: str) -> int:
    """Return how many secrets of a purpose are valid at a time."""
    if purpose != SecretPurpose.WEBHOOK:
        return 1
    is_pagure = host.kind == HostKind.PAGURE
    return _KEPT_WEBHOOK_SECRETS_OF_PAGURE if is_pagure else _KEPT_WEBHOOK_SECRETS


class HostSecretQuerySet(models.QuerySet["HostSecret"]):
    def of(self, host: CodeHost, purpose: str) -> Self:
        """The secrets of a code host for one purpose, the newest first."""
        return self.filter(host=host, purpose=purpose).order_by("-pk")


class HostSecret(models.Model):
    """Something that a code host entrusts to Flagstone; sealed, and never shown again."""

    host = models.ForeignKey(CodeHost, on_delete=models.CASCADE, related_name="secrets")
    purpose = models.CharField(max_length=20, choices=SecretPurpose.choices)
    sealed = models.BinaryField(help_text="see flagstone.core.sealing")
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = HostSecretQuerySet.as_manager()

    class Meta:
        ordering = ("host", "purpose", "-pk")

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} of {self.host}"


class HostAccount(models.Model):
    """Who a person is at a code host, where their login there is not their name here."""

    host = models.ForeignKey(CodeHost, on_delete=models.CASCADE, related_name="accounts")
    login = models.CharField(max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="host_accounts"
    )

    class Meta:
        ordering = ("host", "login")
        constraints = (
            models.UniqueConstraint(
                "host",
                Lower("login"),
                name="one_person_per_login",
                violation_error_message="Somebody else has this login already.",
            ),
            models.UniqueConstraint(
                fields=("host", "user"),
                name="one_login_per_person",
                violation_error_message="This person has a login at this code host already.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.login} at {self.host}"
