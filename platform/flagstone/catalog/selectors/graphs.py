"""What an entity needs and what needs it, as a graph."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from flagstone.catalog.models import Relation
from flagstone.catalog.selectors.details import get_entity
from flagstone.catalog.selectors.linking import Linked, link

# every edge points from the one that needs to the one that is needed
_NEEDS = ("dependsOn", "consumesApi", "apiProvidedBy")
_NEEDED_BY = ("dependencyOf", "apiConsumedBy", "providesApi")
MAX_NODES = 60


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """`source` needs `target`: both are canonical references."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Graph:
    """The surroundings of an entity; `cut` tells that there is more than was drawn."""

    centre: str
    nodes: list[Linked]
    edges: list[Edge]
    cut: bool


def dependency_graph(user: AbstractBaseUser | AnonymousUser, ref: str, *, depth: int = 2) -> Graph:
    """Return what an entity needs and what needs it, up to so many steps away.

    Raises:
        EntityNotFound: if there is no such entity.
    """
    centre = get_entity(user, ref).ref
    seen, frontier = {centre: None}, [centre]  # a dict keeps the order found
    edges: set[Edge] = set()
    cut = False
    for _ in range(depth):
        found = Relation.objects.filter(source_ref__in=frontier, type__in=_NEEDS + _NEEDED_BY)
        frontier = []
        for here, kind, there in found.values_list("source_ref", "type", "target_ref"):
            if there not in seen:
                if len(seen) >= MAX_NODES:
                    cut = True
                    continue
                seen[there] = None
                frontier.append(there)
            edges.add(Edge(here, there) if kind in _NEEDS else Edge(there, here))
    nodes = link(seen)
    return Graph(centre, [nodes[each] for each in seen], sorted(edges), cut)
