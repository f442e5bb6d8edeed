"""The gate's answers in the admin: to be read."""

from __future__ import annotations

from django.contrib import admin

from flagstone.core.admin import ReadOnlyAdmin
from flagstone.gate.models import GateDecision


@admin.register(GateDecision)
class GateDecisionAdmin(ReadOnlyAdmin):
    list_display = ("decided_at", "entity", "decision", "change", "git_ref", "asked_by")
    list_filter = ("decision",)
    list_select_related = ("entity", "asked_by")
    search_fields = ("entity__ref", "git_ref")
