"""The webhooks that came: what they said, what became of them, and another try for those that failed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action

from flagstone.accounts.permissions import may
from flagstone.core.admin import ReadOnlyAdmin
from flagstone.core.confirmation import ConfirmedAct, ask_or_act
from flagstone.forge import actions
from flagstone.forge.actions.webhooks import why_not_worked_again
from flagstone.forge.models import WebhookDelivery

_SHOWN = 20_000

WORKING_AGAIN = ConfirmedAct(
    name="work_again",
    title="Work again?",
    button="Work again",
    act=lambda actor, delivery: actions.work_delivery_again(actor=actor, delivery=delivery),
    done="The delivery {} is being worked again: its state tells how it went.",
    foretell=lambda _: ["A worker reads what it points at, as it is now."],
    hindrance=why_not_worked_again,
)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "received_at",
        "host",
        "event",
        "action",
        "repository_name",
        "state",
        "attempts",
        "error",
    )
    list_filter = ("state", "host", "event")
    list_select_related = ("host",)
    search_fields = ("delivery_id", "repository_name", "error")
    date_hierarchy = "received_at"
    exclude = ("payload",)
    readonly_fields = ("body",)
    actions = ("work_again",)
    actions_detail = ("work_this_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        # a list would read megabytes that it does not show
        return super().get_queryset(request).defer("payload")  # type: ignore[no-any-return]

    @admin.display(description="Body")
    def body(self, delivery: WebhookDelivery) -> str:
        text = bytes(delivery.payload[: _SHOWN * 4]).decode("utf-8", "replace")
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"

    def has_manage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return may(request.user, "forge.manage")  # type: ignore[arg-type]

    @admin.action(description="Work again", permissions=["manage"])
    def work_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> HttpResponse:
        return ask_or_act(self, request, queryset, WORKING_AGAIN)

    @action(description="Work again", url_path="work-again", permissions=["manage"])  # type: ignore[untyped-decorator]
    def work_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ask_or_act(
            self, request, WebhookDelivery.objects.filter(pk=object_id), WORKING_AGAIN
        )
