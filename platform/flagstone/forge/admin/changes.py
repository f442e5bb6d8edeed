"""The changes that Flagstone ships."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from flagstone.core.admin import ReadOnlyAdmin
from flagstone.core.errors import UserError
from flagstone.forge import actions
from flagstone.forge.models import ChangedFile, ChangeRequest


class ChangedFileInline(TabularInline):  # type: ignore[misc]
    model = ChangedFile
    fields = ("path", "is_executable")
    extra = 0
    can_delete = False


@admin.register(ChangeRequest)
class ChangeRequestAdmin(ReadOnlyAdmin):
    list_display = (
        "title",
        "repository",
        "state",
        "requested_by",
        "attempts",
        "error_code",
        "created_at",
        "touched_at",
    )
    list_filter = ("state", "error_code", "repository")
    list_select_related = ("repository", "requested_by")
    search_fields = ("id", "title", "branch", "source")
    inlines = (ChangedFileInline,)
    actions = ("resume",)

    @admin.action(description="Resume")
    def resume(self, request: HttpRequest, queryset: QuerySet[ChangeRequest]) -> None:
        for change in queryset:
            try:
                actions.resume_change(
                    actor=request.user,  # type: ignore[arg-type]
                    change=change,
                )
            except UserError as error:
                self.message_user(request, error.message, messages.WARNING)
