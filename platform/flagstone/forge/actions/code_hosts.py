"""What the platform team does with code hosts and what they entrust to Flagstone."""

from __future__ import annotations

from django.db import transaction

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.core import audit
from flagstone.core.errors import Conflict
from flagstone.forge.credentials import keep_secret
from flagstone.forge.errors import UnfitSecret
from flagstone.forge.hosts.rest.addresses import check_web_url
from flagstone.forge.hosts.secrets import check_secret
from flagstone.forge.models import CodeHost, HostKind, HostSecret, SecretPurpose
from flagstone.forge.removals import why_host_stays


@transaction.atomic
def register_code_host(
    *,
    actor: User,
    name: str,
    kind: str = HostKind.LOCAL,
    web_url: str = "",
    user_name: str = "",
    email: str = "",
    app_id: str = "",
) -> CodeHost:
    """Make a code host known.

    Args:
        actor: Who does it.
        name: What people call it.
        kind: Which adapter speaks to it.
        web_url: Of its pages; "" for the local one.
        user_name: The account of the token that is to come.
        email: Of that account, for the commits that Flagstone makes.
        app_id: Of a GitHub App, in the place of a token.

    Raises:
        Forbidden: The person may not.
        InvalidAddress: A credential cannot be sent there safely.
        Conflict: There is one like it already.
    """
    require(actor, "forge.manage")
    if kind == HostKind.LOCAL and CodeHost.objects.filter(kind=HostKind.LOCAL).exists():
        raise Conflict(
            "There is a local code host already; it has one folder and needs no second.",
            code="forge.host_exists",
        )
    host = CodeHost(
        name=name,
        kind=kind,
        web_url=check_web_url(web_url) if web_url else "",
        user_name=user_name.strip(),
        email=email.strip(),
        app_id=app_id.strip(),
    )
    host.full_clean()
    host.save()
    audit.record(
        actor=actor,
        action="forge.code_host_registered",
        subject=f"code-host:{host.name}",
        data={"kind": host.kind, "address": host.web_url},
    )
    return host


@transaction.atomic
def correct_code_host(
    *,
    actor: User,
    host: CodeHost,
    web_url: str,
    user_name: str,
    email: str,
    app_id: str,
) -> CodeHost:
    """Correct what was entered of a code host; its name and kind stay, since addresses and adapters go by them.

    Args:
        actor: Who does it.
        host: The code host.
        web_url: As in `register_code_host`, and the others too.
        user_name: The account of the token.
        email: Of that account.
        app_id: Of a GitHub App.

    Raises:
        Forbidden: The person may not.
        InvalidAddress: A credential cannot be sent there safely.
        Conflict: Its repositories are at the address that it has.
    """
    require(actor, "forge.manage")
    stored = CodeHost.objects.select_for_update().get(pk=host.pk)
    wanted = {
        "web_url": check_web_url(web_url) if web_url else "",
        "user_name": user_name.strip(),
        "email": email.strip(),
        "app_id": app_id.strip(),
    }
    changed = {
        field: {"from": getattr(stored, field), "to": value}
        for field, value in wanted.items()
        if getattr(stored, field) != value
    }
    if "web_url" in changed and stored.repositories.exists():
        raise Conflict(
            f"Repositories of {stored.name} are registered, and their pull requests are at {stored.web_url}. "
            "Register the other address as a code host of its own.",
            code="forge.host_in_use",
        )
    if changed:
        for field, value in wanted.items():
            setattr(stored, field, value)
        stored.full_clean()
        stored.save(update_fields=list(wanted))
        audit.record(
            actor=actor,
            action="forge.code_host_corrected",
            subject=f"code-host:{stored.name}",
            data=changed,
        )
    return stored


@transaction.atomic
def remove_code_host(*, actor: User, host: CodeHost) -> None:
    """Take a code host out, with its secrets, the webhook deliveries that came from it and people's logins there.

    Raises:
        Forbidden: The person may not.
        Conflict: Repositories of it are registered.
    """
    require(actor, "forge.manage")
    stored = CodeHost.objects.select_for_update().get(pk=host.pk)
    if reason := why_host_stays(stored):
        raise Conflict(reason, code="forge.host_in_use")
    audit.record(
        actor=actor,
        action="forge.code_host_removed",
        subject=f"code-host:{stored.name}",
        data={
            "kind": stored.kind,
            "address": stored.web_url,
            "secrets": stored.secrets.count(),
            "deliveries": stored.deliveries.count(),
            "accounts": stored.accounts.count(),
        },
    )
    stored.delete()


@transaction.atomic
def store_secret(*, actor: User, host: CodeHost, purpose: str, secret: str) -> HostSecret:
    """Give Flagstone something to sign in with; it takes the place of the one before.

    Of webhook secrets the one before stays valid, so that the webhooks can be changed over one by one.

    Raises:
        Forbidden: The person may not.
        UnfitSecret: It cannot be one, or the code host has no use for it; the message never repeats it.
    """
    require(actor, "forge.manage")
    if host.is_local and purpose != SecretPurpose.SIGNING_KEY:
        raise UnfitSecret(
            "The local code host has no use for it: its repositories are folders on this machine, and nobody signs "
            "in there. It takes a ssh key that signs commits alone."
        )
    kept = keep_secret(host, purpose, check_secret(purpose, secret))
    audit.record(
        actor=actor,
        action="forge.secret_stored",
        subject=f"code-host:{host.name}",
        data={"purpose": purpose},
    )
    return kept


@transaction.atomic
def forget_secret(*, actor: User, secret: HostSecret) -> None:
    """Take a secret back, such as that of webhooks which were changed over."""
    require(actor, "forge.manage")
    audit.record(
        actor=actor,
        action="forge.secret_forgotten",
        subject=f"code-host:{secret.host.name}",
        data={"purpose": secret.purpose, "added": secret.added_at.isoformat()},
    )
    secret.delete()
