"""What the platform team does with code hosts and what they entrust to Flagstone."""

from __future__ import annotations

from django.db import transaction

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.core import audit
from flagstone.core.errors import Conflict
from flagstone.forge.credentials import keep_secret
from flagstone.forge.hosts.rest.addresses import check_web_url
from flagstone.forge.hosts.secrets import check_secret
from flagstone.forge.models import CodeHost, HostKind, HostSecret


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
def store_secret(*, actor: User, host: CodeHost, purpose: str, secret: str) -> HostSecret:
    """Give Flagstone something to sign in with; it takes the place of the one before.

    Of webhook secrets the one before stays valid, so that the webhooks can be changed over one by one.

    Raises:
        Forbidden: The person may not.
        UnfitSecret: It cannot be one; the message never repeats it.
    """
    require(actor, "forge.manage")
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
