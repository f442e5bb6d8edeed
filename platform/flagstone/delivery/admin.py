"""Rollbacks in the admin: to be read."""

from __future__ import annotations

from django.contrib import admin

from flagstone.core.admin import ReadOnlyAdmin
from flagstone.delivery.models import Rollback


@admin.register(Rollback)
class RollbackAdmin(ReadOnlyAdmin):
    list_display = (
        "entity_ref",
        "state",
        "asked_by",
        "clicked_at",
        "merged_at",
        "healthy_at",
        "is_merged_alone",
        "note",
    )
    list_filter = ("state", "is_merged_alone")
    list_select_related = ("asked_by",)
    search_fields = ("id", "entity_ref", "reverted_commit", "reason")
