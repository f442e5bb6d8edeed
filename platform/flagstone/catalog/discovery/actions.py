"""Discoveries that people watch: asked for on a page, and what was found is said yes to."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import transaction
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.catalog.models import Discovery
from flagstone.catalog.tasks import work_discovery
from flagstone.core import audit
from flagstone.core.errors import UserError
from flagstone.forge.actions import require_role
from flagstone.forge.connections import connect
from flagstone.forge.models import CodeHost

MOST_NAMES = 500


@transaction.atomic
def request_discovery(
    *, actor: User, host: CodeHost, owner: str, names: Collection[str] = ()
) -> Discovery:
    """Have a worker look through what an owner has, or through these repositories.

    Raises:
        Forbidden: The person may not.
        InvalidName: No repository can be called that.
        ForgeError: The code host cannot be spoken to, such as without a credential.
        UserError: Too many are named, or nothing is.
    """
    require(actor, "forge.manage")
    named = list(dict.fromkeys(names))
    if not owner and not named:
        raise UserError("Name an organisation, or repositories.", code="catalog.nothing_named")
    if len(named) > MOST_NAMES:
        raise UserError(
            f"{len(named)} repositories are named; {MOST_NAMES} are the most at a time.",
            code="catalog.too_many_named",
        )
    forge = connect(host)
    for name in named:
        forge.check_name(name)
    made = Discovery.objects.create(
        host=host, owner=owner or named[0].rpartition("/")[0], names=named, requested_by=actor
    )
    audit.record(
        actor=actor,
        action="catalog.discovery_requested",
        subject=f"discovery:{made.pk}",
        data={"host": host.name, "owner": made.owner, "names": named},
    )
    work_discovery.delay_on_commit(str(made.pk))
    return made


@transaction.atomic
def accept(
    *,
    actor: User,
    discovery: Discovery,
    names: Collection[str],
    roles: Mapping[str, str] | None = None,
) -> int:
    """Say yes to some of what was found, and return to how many; a worker registers them.

    Args:
        actor: Who says so.
        discovery: What was looked at.
        names: Of the repositories.
        roles: What some of them are for, by name, where it is not what their files suggest.

    Raises:
        Forbidden: The person may not.
        UserError: There is no such role.
    """
    require(actor, "forge.manage")
    chosen = roles or {}
    for role in chosen.values():
        require_role(role)
    rows = discovery.found.select_for_update().filter(full_name__in=names)
    accepted = [row for row in rows if row.is_new]
    for row in accepted:
        row.wanted_by, row.problem = actor, ""
        row.role = chosen.get(row.full_name, row.role)
        row.save(update_fields=("wanted_by", "problem", "role"))
    if accepted:
        Discovery.objects.filter(pk=discovery.pk).update(error="", not_before=timezone.now())
        audit.record(
            actor=actor,
            action="catalog.discovery_accepted",
            subject=f"discovery:{discovery.pk}",
            data={"repositories": [row.full_name for row in accepted]},
        )
        work_discovery.delay_on_commit(str(discovery.pk))
    return len(accepted)
