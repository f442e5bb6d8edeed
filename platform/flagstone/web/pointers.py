"""The links of a scaffold's `output` as the page of its run shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flagstone.catalog.engine.refs import EntityRef, InvalidRef
from flagstone.catalog.selectors import link as look_up
from flagstone.scaffolding.engine.outputs import Link
from flagstone.scaffolding.outcomes import address_of
from flagstone.web.links import entity_url


@dataclass(frozen=True, slots=True)
class Pointer:
    """Something that a scaffold points to; without a `url` it can be read, and not followed."""

    title: str
    url: str
    note: str = ""


def pointers(links: Iterable[Link]) -> list[Pointer]:
    """Tell where each link leads; an entity is followed once the catalogue has it."""
    return [_to_entity(link) if link.entity_ref else _to_address(link) for link in links]


def _to_address(link: Link) -> Pointer:
    url = address_of(link)
    return Pointer(link.title or link.url, url, link.url if link.title else "")


def _to_entity(link: Link) -> Pointer:
    try:
        ref = EntityRef.parse(link.entity_ref, default_kind="component").canonical
    except InvalidRef:
        return Pointer(link.title, "", link.entity_ref)
    found = look_up([ref])[ref]
    if not found.exists:
        return Pointer(link.title or ref, "", f"{ref} · not in the catalogue")
    return Pointer(link.title or found.label, entity_url(ref), ref)
