"""What code hosts entrust to Flagstone: taken in sealed, handed to adapters, never shown again."""

from __future__ import annotations

from django.db import transaction

from flagstone.core.sealing import reseal, seal, unseal
from flagstone.forge.errors import CredentialMissing
from flagstone.forge.git.signing import SigningKey
from flagstone.forge.models import CodeHost, HostSecret, SecretPurpose
from flagstone.forge.models.code_hosts import most_secrets


@transaction.atomic
def keep_secret(host: CodeHost, purpose: str, secret: str) -> HostSecret:
    """Seal a secret, and forget those of the same purpose that it replaces."""
    CodeHost.objects.select_for_update().get(pk=host.pk)
    kept = HostSecret.objects.create(host=host, purpose=purpose, sealed=seal(secret))
    most = most_secrets(host, purpose)
    latest = list(HostSecret.objects.of(host, purpose).values_list("pk", flat=True)[:most])
    HostSecret.objects.of(host, purpose).exclude(pk__in=latest).delete()
    return kept


def read_secret(host: CodeHost, purpose: SecretPurpose) -> str:
    """Return the newest secret of a purpose.

    Raises:
        CredentialMissing: None was given yet.
        SealBroken: None of the sealing keys opens it.
    """
    found = read_secrets(host, purpose)
    if not found:
        raise CredentialMissing(
            f"Flagstone has no {purpose.label.lower()} for the code host {host.name}. Add it in the "
            "admin under Forge, Host secrets.",
            purpose=purpose.value,
        )
    return found[0]


def read_secrets(host: CodeHost, purpose: SecretPurpose) -> list[str]:
    """Return all valid secrets of a purpose, the newest first."""
    rows = HostSecret.objects.of(host, purpose).values_list("sealed", flat=True)
    return [unseal(bytes(sealed)) for sealed in rows]


def signing_key_of(host: CodeHost) -> SigningKey | None:
    """Return what signs Flagstone's commits there; None where they are not signed."""
    found = read_secrets(host, SecretPurpose.SIGNING_KEY)
    return SigningKey(found[0]) if found else None


@transaction.atomic
def reseal_secrets() -> int:
    """Seal every secret with the newest key, and tell how many there are.

    Raises:
        SealBroken: One cannot be opened; then none is changed.
    """
    rows = list(HostSecret.objects.select_for_update())
    for row in rows:
        row.sealed = reseal(bytes(row.sealed))
    HostSecret.objects.bulk_update(rows, ["sealed"])
    return len(rows)
