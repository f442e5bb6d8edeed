"""Runs and provenance for the platform team: to read, to stop and to try again."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from flagstone.core.admin import ReadOnlyAdmin
from flagstone.core.errors import UserError
from flagstone.scaffolding import actions
from flagstone.scaffolding.models import LayerArchive, Provenance, ScaffoldRun, TemplateSource


@admin.register(ScaffoldRun)
class ScaffoldRunAdmin(ReadOnlyAdmin):
    list_display = (
        "service_name",
        "scaffold_id",
        "scaffold_version",
        "state",
        "requested_by",
        "tries",
        "created_at",
        "finished_at",
    )
    list_filter = ("state", "scaffold_id")
    search_fields = ("service_name", "id", "requested_by__username", "error")
    list_select_related = ("requested_by",)
    date_hierarchy = "created_at"
    actions = ("cancel", "resume")

    @admin.action(description="Cancel, and take back what was made")
    def cancel(self, request: HttpRequest, queryset: QuerySet[ScaffoldRun]) -> None:
        self._each(request, queryset, actions.cancel_run, "is being cancelled")

    @admin.action(description="Try again")
    def resume(self, request: HttpRequest, queryset: QuerySet[ScaffoldRun]) -> None:
        self._each(request, queryset, actions.resume_run, "is tried again")

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[ScaffoldRun],
        act: Callable[..., ScaffoldRun],
        done: str,
    ) -> None:
        for run in queryset.select_related("requested_by", "job"):
            try:
                act(actor=request.user, run=run)
            except UserError as error:
                self.message_user(request, error.message, messages.ERROR)
            else:
                self.message_user(request, f"The run for {run.service_name} {done}.")


@admin.register(Provenance)
class ProvenanceAdmin(ReadOnlyAdmin):
    list_display = ("entity_ref", "scaffold_id", "scaffold_version", "repository", "created_at")
    list_filter = ("scaffold_id",)
    search_fields = ("entity_ref",)
    list_select_related = ("repository",)


@admin.register(LayerArchive)
class LayerArchiveAdmin(ReadOnlyAdmin):
    list_display = ("label", "digest", "created_at")
    search_fields = ("label", "digest")
    exclude = ("content",)


@admin.register(TemplateSource)
class TemplateSourceAdmin(ReadOnlyAdmin):
    list_display = (
        "scaffold_id",
        "title",
        "url",
        "ref",
        "state",
        "commit",
        "runs_code",
        "fetched_at",
    )
    list_filter = ("state",)
    search_fields = ("scaffold_id", "title", "url")
    exclude = ("content",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TemplateSource]:
        found: QuerySet[TemplateSource] = super().get_queryset(request)
        return found.defer("content")
