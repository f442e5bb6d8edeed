"""The gate's answers in the admin: to be read."""

from __future__ import annotations

from django.contrib import admin

from flagstone.core.admin import ReadOnlyAdmin
from flagstone.gate.models import GateDecision, PullRequestVerdict


@admin.register(GateDecision)
class GateDecisionAdmin(ReadOnlyAdmin):
    list_display = ("decided_at", "entity", "decision", "change", "git_ref", "asked_by")
    list_filter = ("decision",)
    list_select_related = ("entity", "asked_by")
    search_fields = ("entity__ref", "git_ref")


@admin.register(PullRequestVerdict)
class PullRequestVerdictAdmin(ReadOnlyAdmin):
    list_display = ("pull_request", "decision", "judged_at", "told_at", "attempts", "error")
    list_filter = (
        "decision",
        ("told_at", admin.EmptyFieldListFilter),
        ("error", admin.EmptyFieldListFilter),
    )
    list_select_related = ("pull_request__repository",)
    search_fields = ("pull_request__title", "head_commit")
