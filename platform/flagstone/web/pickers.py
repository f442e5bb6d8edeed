"""What the pickers of a scaffold's form offer: squads, the person's own first, and entities of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from flagstone.accounts.models import User
from flagstone.catalog import selectors as catalog
from flagstone.catalog.models import Entity
from flagstone.forge.models import CodeHost
from flagstone.scaffolding.engine.forms import Field, FieldKind, Form
from flagstone.scaffolding.picking import kinds_of
from flagstone.web.forms.questions import Option, OptionGroup

# a longer list is no list any more: the reference is typed instead
MOST_OFFERED = 300


def pickable(user: User, form: Form) -> Mapping[str, list[OptionGroup]]:
    """Return what each picker of a form offers, by the name of its field."""
    offered: dict[str, list[OptionGroup]] = {}
    for asked in form.fields:
        if asked.kind is FieldKind.OWNER:
            offered[asked.name] = _squads(user)
        elif asked.kind in (FieldKind.ENTITY, FieldKind.ENTITIES):
            offered[asked.name] = _entities(user, asked)
        elif asked.kind is FieldKind.REPOSITORY:
            offered[asked.name] = _hosts(asked)
    return offered


def own_squad(user: User, form: Form) -> Mapping[str, list[str]]:
    """Fill in the squad of somebody who is in one only."""
    mine = catalog.squads_of(user)
    if len(mine) != 1:
        return {}
    return {asked.name: [mine[0].ref] for asked in form.fields if asked.kind is FieldKind.OWNER}


def host_notices(form: Form) -> Mapping[str, str]:
    """Say, by question, that a template wants code hosts of which none is configured: no answer will do."""
    known = list(CodeHost.objects.values_list("name", flat=True))
    return {
        asked.name: (
            f"The template allows {' or '.join(wanted)} only, and that is no code host of this Flagstone, which has "
            f"{', '.join(known) or 'none'}. The platform team can add it; until then no repository can be named here."
        )
        for asked in form.fields
        if asked.kind is FieldKind.REPOSITORY
        and (wanted := _allowed(asked))
        and not _both(known, wanted)
    }


def _allowed(asked: Field) -> list[str]:
    allowed = asked.options.get("allowedHosts")
    return [str(host) for host in allowed] if isinstance(allowed, list) else []


def _both(known: list[str], wanted: list[str]) -> list[str]:
    lower = {host.lower() for host in wanted}
    return [name for name in known if name.lower() in lower]


def _hosts(asked: Field) -> list[OptionGroup]:
    """Offer the code hosts that are configured and that the template allows."""
    names = list(CodeHost.objects.values_list("name", flat=True))
    if wanted := _allowed(asked):
        names = _both(names, wanted)
    return [OptionGroup("", tuple(Option(name, name) for name in names))] if names else []


def _squads(user: User) -> list[OptionGroup]:
    mine = {squad.ref for squad in catalog.squads_of(user)}
    options = [(squad.ref, Option(squad.ref, squad.name)) for squad in catalog.squads(user)]
    groups = [
        OptionGroup("My squads", tuple(option for ref, option in options if ref in mine)),
        OptionGroup("All squads", tuple(option for ref, option in options if ref not in mine)),
    ]
    return [group for group in groups if group.options]


def _entities(user: User, asked: Field) -> list[OptionGroup]:
    found = Entity.objects.visible_to(user).alive().for_lists().order_by("name_key", "ref")
    kinds = kinds_of(asked)
    if kinds:
        found = found.filter(kind__in=kinds)
    entities = list(found[: MOST_OFFERED + 1])
    if not entities or len(entities) > MOST_OFFERED:
        return []
    return [OptionGroup("", tuple(Option(entity.ref, entity.display_name) for entity in entities))]
