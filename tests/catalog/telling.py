"""What the catalogue says of an entity."""

from __future__ import annotations

from flagstone.catalog.models import Entity, Relation

CHECKOUT = "component:default/checkout"


def relations(ref: str) -> list[str]:
    rows = Relation.objects.filter(source_ref=ref).values_list("type", "target_ref")
    return sorted({f"{kind} {target}" for kind, target in rows})


def told(entity: Entity) -> list[tuple[str, str, int | None]]:
    return [(item["level"], item["code"], item["line"]) for item in entity.status_items]
