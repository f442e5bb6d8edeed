"""What code hosts entrust to Flagstone: taken in sealed, handed to adapters, never shown again."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction

from flagstone.core.admin_places import place_of
from flagstone.core.sealing import HOW_TO_BRING_A_KEY_BACK, SealBroken, reseal, seal, unseal
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
            f"Flagstone has no {purpose.label.lower()} for the code host {host.name}. "
            f"Add it {place_of(HostSecret)}.",
            purpose=purpose.value,
        )
    return found[0]


def read_secrets(host: CodeHost, purpose: SecretPurpose) -> list[str]:
    """Return all valid secrets of a purpose that can be opened, the newest first.

    One that cannot is passed over where another one can: it was perhaps replaced for that very reason.

    Raises:
        SealBroken: There are some, and none of the sealing keys opens any.
    """
    rows = list(HostSecret.objects.of(host, purpose).select_related("host"))
    opened = [secret for row in rows if (secret := _opened(row)) is not None]
    if rows and not opened:
        raise _sealed_for_good(rows)
    return opened


def unreadable_secrets(rows: Iterable[HostSecret]) -> list[HostSecret]:
    """Return those that none of the sealing keys opens."""
    return [row for row in rows if _opened(row) is None]


def _opened(row: HostSecret) -> str | None:
    try:
        return unseal(bytes(row.sealed))
    except SealBroken:
        return None


def _sealed_for_good(rows: Iterable[HostSecret]) -> SealBroken:
    named = "; ".join(
        f"{row.get_purpose_display()} of the code host {row.host.name}, added {row.added_at:%Y-%m-%d %H:%M:%S} UTC"
        for row in rows
    )
    count = len(settings.FLAGSTONE_SEALING_KEYS)
    return SealBroken(
        f"Stored secrets cannot be opened with the {count} sealing key{'' if count == 1 else 's'} that Flagstone "
        f"has: {named}. {HOW_TO_BRING_A_KEY_BACK} If it is lost, enter the secret again and forget this one "
        f"{place_of(HostSecret)}."
    )


def signing_key_of(host: CodeHost) -> SigningKey | None:
    """Return what signs Flagstone's commits there; None where they are not signed."""
    found = read_secrets(host, SecretPurpose.SIGNING_KEY)
    return SigningKey(found[0]) if found else None


@transaction.atomic
def reseal_secrets() -> int:
    """Seal every secret with the newest key, and tell how many there are.

    Raises:
        SealBroken: Some cannot be opened, and are named; then none is changed.
    """
    rows = list(HostSecret.objects.select_for_update(of=("self",)).select_related("host"))
    if lost := unreadable_secrets(rows):
        raise _sealed_for_good(lost)
    for row in rows:
        row.sealed = reseal(bytes(row.sealed))
    HostSecret.objects.bulk_update(rows, ["sealed"])
    return len(rows)
