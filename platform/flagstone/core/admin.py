"""Audit and jobs in the admin: to be read, never to be changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from flagstone.core import audit
from flagstone.core.models import AuditEntry, Job, JobStep

admin.site.index_title = "What Flagstone runs on"


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    """Lists and shows rows; changing them is the work of actions, which check, audit and enqueue."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class AuditedAdmin(ModelAdmin):  # type: ignore[misc]
    """What is changed in the admin are acts too: they go into the audit chain, with the names of the fields.

    Django tells of every way to change a row (form, password form, list, bulk deletion) through these methods.
    """

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self._record(request, obj, "added", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self._record(request, obj, "changed", message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        for obj in queryset:
            self._record(request, obj, "deleted", [])
        return super().log_deletions(request, queryset)

    def _record(self, request: HttpRequest, obj: models.Model, done: str, message: Any) -> None:
        meta = obj._meta  # noqa: SLF001 - Django's own name for it
        audit.record(
            actor=request.user,  # type: ignore[arg-type]
            action=f"{meta.app_label}.{meta.model_name}_{done}",
            subject=f"{meta.model_name}:{obj.pk}",
            data={"what": str(obj), "changes": message},
        )


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("sequence", "at", "actor", "action", "subject")
    list_filter = ("action",)
    search_fields = ("actor", "action", "subject")


class JobStepInline(TabularInline):  # type: ignore[misc]
    model = JobStep
    fields = readonly_fields = ("position", "title", "state", "started_at", "finished_at", "error")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("title", "kind", "state", "requested_by", "created_at", "finished_at", "error")
    list_filter = ("state", "kind")
    search_fields = ("title", "error")
    inlines = (JobStepInline,)
