"""Squads: Groups of the type squad or team, who is in them and what they own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection
from django.db.models import Count

from flagstone.accounts.models import User
from flagstone.catalog.errors import EntityNotFound
from flagstone.catalog.models import Entity, EntityQuerySet, Relation
from flagstone.catalog.selectors.linking import Linked, link

# UNION, not UNION ALL: groups that are each other's children end there
_SUBGROUPS = """
    WITH RECURSIVE below (ref) AS (
        SELECT %s::varchar
        UNION
        SELECT relation.target_ref FROM catalog_relation relation
        JOIN below ON relation.source_ref = below.ref AND relation.type = 'parentOf'
    )
    SELECT ref FROM below
"""


@dataclass(frozen=True, slots=True)
class Squad:
    """A squad with how many services it owns, how many people are in it, and the group above it."""

    entity: Entity
    services: int
    members: int
    parent: Linked | None

    @property
    def ref(self) -> str:
        return self.entity.ref

    @property
    def name(self) -> str:
        return self.entity.display_name


def squads(user: AbstractBaseUser | AnonymousUser) -> list[Squad]:
    """List all squads by name, those that own nothing too."""
    return _with_counts(Entity.objects.visible_to(user).squads().alive())


def squad(user: AbstractBaseUser | AnonymousUser, ref: str) -> Squad:
    """Return one squad.

    Raises:
        EntityNotFound: if there is no squad of this name.
    """
    found = _with_counts(Entity.objects.visible_to(user).squads().by_name(ref))
    if not found:
        raise EntityNotFound(
            f"There is no squad {ref}. A squad is a Group of the type squad or team.", ref=ref
        )
    return found[0]


def squads_of(user: User) -> list[Squad]:
    """List the squads that a person is in, as their User or the Group says; by name."""
    if not user.entity_ref:
        return []
    mine = Relation.objects.filter(source_ref=user.entity_ref.lower(), type="memberOf")
    groups = mine.order_by().values("target_ref")
    return _with_counts(Entity.objects.visible_to(user).squads().alive().filter(ref__in=groups))


def members_of(ref: str, *, nested: bool = False) -> list[Linked]:
    """List the people of a group by name; `nested` takes in those of the groups below it."""
    groups = subgroups_of(ref) if nested else [ref.lower()]
    members = Relation.objects.filter(source_ref__in=groups, type="hasMember")
    people = link(members.values_list("target_ref", flat=True))
    return sorted(people.values(), key=lambda person: (person.label.casefold(), person.ref))


def services_of(ref: str, *, nested: bool = False) -> EntityQuerySet:
    """Return the services that a squad owns; `nested` takes in those of the groups below it."""
    owners = subgroups_of(ref) if nested else [ref.lower()]
    return Entity.objects.services().alive().owned_by(owners).for_lists()


def subgroups_of(ref: str) -> list[str]:
    """List a group and all groups below it, however deep; the order means nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_SUBGROUPS, [ref.lower()])
        return [row[0] for row in cursor.fetchall()]


def _with_counts(groups: EntityQuerySet) -> list[Squad]:
    entities = list(groups.defer("search_text", "fingerprint"))
    refs = [entity.ref for entity in entities]
    services = dict(
        Entity.objects.services()
        .alive()
        .owned_by(refs)
        .order_by()
        .values_list("owner_ref")
        .annotate(count=Count("pk"))
    )
    members = dict(
        Relation.objects.filter(source_ref__in=refs, type="hasMember")
        .order_by()
        .values_list("source_ref")
        .annotate(count=Count("target_ref", distinct=True))
    )
    parents = _parents(refs)
    links = link(parents.values())
    return [
        Squad(
            entity,
            services.get(entity.ref, 0),
            members.get(entity.ref, 0),
            links.get(parents.get(entity.ref, "")),
        )
        for entity in entities
    ]


def _parents(refs: Iterable[str]) -> dict[str, str]:
    edges = Relation.objects.filter(source_ref__in=list(refs), type="childOf")
    return dict(edges.order_by("-target_ref").values_list("source_ref", "target_ref"))
