"""Typed reads of the catalogue, shaped for pages and endpoints; one module per subject."""

from __future__ import annotations

from flagstone.catalog.selectors.details import (
    EntityDetail,
    RelationGroup,
    SourceLink,
    detail,
    get_entity,
)
from flagstone.catalog.selectors.facets import Facet, FacetValue, facets
from flagstone.catalog.selectors.graphs import Edge, Graph, dependency_graph
from flagstone.catalog.selectors.linking import Linked, link
from flagstone.catalog.selectors.names import name_is_taken
from flagstone.catalog.selectors.searching import (
    CatalogPage,
    Criteria,
    Order,
    Row,
    catalog_page,
    search,
)
from flagstone.catalog.selectors.squads import (
    Squad,
    members_of,
    services_of,
    squad,
    squads,
    squads_of,
    subgroups_of,
)

__all__ = [
    "CatalogPage",
    "Criteria",
    "Edge",
    "EntityDetail",
    "Facet",
    "FacetValue",
    "Graph",
    "Linked",
    "Order",
    "RelationGroup",
    "Row",
    "SourceLink",
    "Squad",
    "catalog_page",
    "dependency_graph",
    "detail",
    "facets",
    "get_entity",
    "link",
    "members_of",
    "name_is_taken",
    "search",
    "services_of",
    "squad",
    "squads",
    "squads_of",
    "subgroups_of",
]
