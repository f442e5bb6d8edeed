"""Repositories as the forge shows them, and unregistered here, where it is known what was read from them."""

from __future__ import annotations

from django.contrib import admin

from flagstone.catalog import actions
from flagstone.catalog.models import Location
from flagstone.core.confirmation import ConfirmedAct, ways_to
from flagstone.forge.admin.repositories import RepositoryAdmin
from flagstone.forge.models import Repository
from flagstone.forge.removals import (
    counted,
    what_goes_with_repository,
    why_repository_stays,
)


def _what_goes(repository: Repository) -> list[str]:
    return [
        *map(_what_goes_with_location, repository.catalog_locations.order_by("path")),
        *what_goes_with_repository(repository),
    ]


def _what_goes_with_location(location: Location) -> str:
    entities = counted(location.entities.count(), "entity", "entities")
    return f"{entities} read from its {location.path} will be taken out of the catalogue."


def _why_it_stays(repository: Repository) -> str:
    return why_repository_stays(repository, without={Location})


UNREGISTERING = ConfirmedAct(
    name="unregister",
    title="Unregister?",
    button="Unregister",
    act=lambda actor, repository: actions.unregister_repository(actor=actor, repository=repository),
    done="{} is unregistered.",
    foretell=_what_goes,
    hindrance=_why_it_stays,
)


@admin.register(Repository)
class UnregisteringRepositoryAdmin(RepositoryAdmin):
    actions = (*RepositoryAdmin.actions, "unregister")
    actions_detail = ("unregister_this",)

    unregister, unregister_this = ways_to(UNREGISTERING)
