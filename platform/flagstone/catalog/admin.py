"""The catalogue for the platform team: locations can be refreshed and taken out, the rest is to be read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from flagstone.catalog import actions
from flagstone.catalog.models import Entity, Location, Relation
from flagstone.core.admin import ReadOnlyAdmin
from flagstone.core.errors import UserError


@admin.register(Location)
class LocationAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "type", "state", "holds", "wrong", "read_at", "commit", "error")
    list_filter = ("type", "state")
    search_fields = ("path", "repository__full_name")
    list_select_related = ("repository",)
    actions = ("refresh", "unregister")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Location]:
        found: QuerySet[Location] = super().get_queryset(request)
        return found.annotate(entity_count=Count("entities"))

    @admin.display(description="Entities", ordering="entity_count")
    def holds(self, location: Any) -> int:
        return int(location.entity_count)

    @admin.display(description="Problems")
    def wrong(self, location: Location) -> int:
        return len(location.problems)

    @admin.action(description="Read again")
    def refresh(self, request: HttpRequest, queryset: QuerySet[Location]) -> None:
        for location in queryset:
            actions.refresh_location(actor=request.user, location=location)  # type: ignore[arg-type]
        self.message_user(request, f"{len(queryset)} will be read again.")

    @admin.action(description="Take out, with all entities")
    def unregister(self, request: HttpRequest, queryset: QuerySet[Location]) -> None:
        for location in queryset:
            try:
                count = actions.unregister_location(actor=request.user, location=location)  # type: ignore[arg-type]
            except UserError as error:
                self.message_user(request, error.message, messages.ERROR)
            else:
                self.message_user(request, f"{location} was taken out with {count} entities.")


@admin.register(Entity)
class EntityAdmin(ReadOnlyAdmin):
    list_display = ("ref", "title", "type", "lifecycle", "owner_ref", "location", "orphaned_at")
    list_filter = ("kind", "lifecycle", ("orphaned_at", admin.EmptyFieldListFilter))
    search_fields = ("ref", "title", "owner_ref")
    list_select_related = ("location__repository",)
    exclude = ("search_text", "name_key", "type_key")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entity]:
        found: QuerySet[Entity] = super().get_queryset(request)
        return found.defer("search_text")


@admin.register(Relation)
class RelationAdmin(ReadOnlyAdmin):
    list_display = ("source_ref", "type", "target_ref", "declared_by")
    list_filter = ("type",)
    search_fields = ("source_ref", "target_ref")
    list_select_related = ("declared_by",)
