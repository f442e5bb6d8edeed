"""The platform team's view: results are read, exemptions are decided on through their actions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from flagstone.core.admin import ReadOnlyAdmin
from flagstone.core.errors import FlagstoneError
from flagstone.scorecards import actions
from flagstone.scorecards.models import (
    CheckChange,
    CheckResult,
    Evaluation,
    Exemption,
    Scorecard,
    ServiceScore,
)


@admin.register(Scorecard)
class ScorecardAdmin(ReadOnlyAdmin):
    list_display = ("title", "slug", "is_current", "digest", "loaded_at")
    list_filter = ("slug", "is_current")


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    list_display = (
        "repository",
        "state",
        "reason",
        "services",
        "requested_at",
        "finished_at",
        "error",
    )
    list_filter = ("state", "repository")


@admin.register(ServiceScore)
class ServiceScoreAdmin(ReadOnlyAdmin):
    list_display = ("entity", "slug", "score", "level", "coverage", "checked_at")
    list_filter = ("slug", "level")
    search_fields = ("entity__name",)


@admin.register(CheckResult)
class CheckResultAdmin(ReadOnlyAdmin):
    list_display = ("entity", "check_id", "state", "severity", "summary", "since")
    list_filter = ("state", "severity", "check_id")
    search_fields = ("entity__name", "check_id", "summary")


@admin.register(CheckChange)
class CheckChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "entity", "check_id", "before", "after", "cause")
    list_filter = ("cause", "after")
    search_fields = ("entity__name", "check_id")


@admin.register(Exemption)
class ExemptionAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("check_id", "entity", "state", "requested_by", "expires_on", "decided_by")
    list_filter = ("state", "check_id")
    search_fields = ("entity__name", "check_id", "reason")
    actions = ("approve", "reject", "revoke")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Approve")
    def approve(self, request: HttpRequest, queryset: QuerySet[Exemption]) -> None:
        self._each(request, queryset, partial(actions.decide_exemption, approve=True))

    @admin.action(description="Reject")
    def reject(self, request: HttpRequest, queryset: QuerySet[Exemption]) -> None:
        self._each(request, queryset, partial(actions.decide_exemption, approve=False))

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, queryset: QuerySet[Exemption]) -> None:
        self._each(request, queryset, actions.revoke_exemption)

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Exemption], act: Callable[..., object]
    ) -> None:
        for exemption in queryset:
            try:
                act(actor=request.user, exemption=exemption)
            except FlagstoneError as error:
                messages.error(request, f"{exemption}: {error.message}")
