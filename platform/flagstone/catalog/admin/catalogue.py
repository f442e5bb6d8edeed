"""The catalogue for the platform team: locations are added, refreshed and taken out, the rest is to be read."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from flagstone.accounts.permissions import may
from flagstone.catalog import actions
from flagstone.catalog.models import Entity, Location, Relation
from flagstone.core.action_forms import ActionForm, AddedByAction
from flagstone.core.admin import ReadOnlyAdmin
from flagstone.core.errors import UserError


class LocationForm(ActionForm):
    class Meta:
        model = Location
        fields = ("repository", "path")
        help_texts: ClassVar = {
            "repository": "Where the path is; without one it is an absolute path on disk.",
            "path": "A file, or many by a pattern such as services/*/catalog-info.yaml",
        }

    def act(self) -> Location:
        return actions.register_location(actor=self.actor, **self.cleaned_data)


@admin.register(Location)
class LocationAdmin(AddedByAction, ReadOnlyAdmin):
    add_form = LocationForm
    list_display = ("__str__", "type", "state", "holds", "wrong", "read_at", "commit", "error")
    list_filter = ("type", "state")
    search_fields = ("path", "repository__full_name")
    list_select_related = ("repository",)
    actions = ("refresh", "unregister")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "catalog.register")  # type: ignore[arg-type]

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
